/* Numbers of JSON, most of them without the C library, which takes ten times as long. */
#include <stdlib.h>

#include "json.h"

/* Decimal numbers of so many digits are different doubles: such a one is the shortest that reads back as its double. */
#define EXACT_DIGITS 15
/* The powers of ten that doubles hold. */
#define EXACT_POWERS 22
#define SAFE_INTEGER (UINT64_C(1) << 53)
/* With more of them behind the point JavaScript prints an exponent. */
#define PRINTED_ZEROS 5

static const double powers[EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct {
    uint64_t significand; /* right up to 19 digits */
    int64_t digits;       /* without leading zeros */
} decimal_t;

static const uint8_t *read_digits(const uint8_t *at, decimal_t *decimal) {
    for (; is_digit(*at); at++) {
        decimal->significand = decimal->significand * 10 + (*at - '0');
        if (decimal->digits > 0 || *at != '0') decimal->digits++;
    }
    return at;
}

/* Whether JavaScript prints a number without an exponent as it is spelled; false when that is not sure. */
static bool is_printed_so(const uint8_t *start, const uint8_t *point, const uint8_t *end, decimal_t decimal) {
    bool is_negative = *start == '-';
    int64_t fraction = end > point ? end - point - 1 : 0;
    if (decimal.digits == 0) return !is_negative && fraction == 0;
    if (fraction == 0 && decimal.digits <= EXACT_DIGITS + 1 && decimal.significand <= SAFE_INTEGER) return true;
    return decimal.digits <= EXACT_DIGITS && fraction - decimal.digits <= PRINTED_ZEROS &&
           (fraction == 0 || end[-1] != '0');
}

bool read_number(const uint8_t **at, double *value) {
    const uint8_t *start = *at;
    decimal_t decimal = {0};
    const uint8_t *point = read_digits(start + (*start == '-'), &decimal);
    const uint8_t *end = *point == '.' ? read_digits(point + 1, &decimal) : point;
    int64_t scale = end > point ? end - point - 1 : 0;
    if (*end == 'e' || *end == 'E') {
        char *behind;
        *value = strtod((const char *)start, &behind);
        *at = (const uint8_t *)behind;
        return true;
    }
    *at = end;
    if (decimal.digits > EXACT_DIGITS || scale > EXACT_POWERS) *value = strtod((const char *)start, NULL);
    else *value = (double)decimal.significand / powers[scale] * (*start == '-' ? -1 : 1);
    return !is_printed_so(start, point, end, decimal);
}
