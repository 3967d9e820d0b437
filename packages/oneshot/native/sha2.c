/* SHA-256 and SHA-512, FIPS 180-4: one algorithm on words of two widths. */
#include <string.h>

#include "host.h"

/* FIPS 180-4, 4.2.3: the constants of SHA-256 are the upper halves of the first 64. */
static const uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

/* 5.3.3 and 5.3.5; those of SHA-256 are again the upper halves. */
static const uint64_t initial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

typedef struct {
    unsigned bytes; /* of a word */
    unsigned rounds;
    unsigned big[2][3], small[2][3]; /* rotations of 4.1.2 and 4.1.3; the last of the small ones is a shift */
} variant_t;

static const variant_t sha256 = {4, 64, {{2, 13, 22}, {6, 11, 25}}, {{7, 18, 3}, {17, 19, 10}}};
static const variant_t sha512 = {8, 80, {{28, 34, 39}, {14, 18, 41}}, {{1, 8, 7}, {19, 61, 6}}};

static uint64_t fit(const variant_t *variant, uint64_t value) {
    return variant->bytes == 4 ? (uint32_t)value : value;
}

static uint64_t rotate(const variant_t *variant, uint64_t value, unsigned by) {
    return fit(variant, value >> by | value << (8 * variant->bytes - by));
}

static uint64_t big_sigma(const variant_t *variant, uint64_t value, const unsigned by[3]) {
    return rotate(variant, value, by[0]) ^ rotate(variant, value, by[1]) ^ rotate(variant, value, by[2]);
}

static uint64_t small_sigma(const variant_t *variant, uint64_t value, const unsigned by[3]) {
    return rotate(variant, value, by[0]) ^ rotate(variant, value, by[1]) ^ value >> by[2];
}

static uint64_t read_word(const variant_t *variant, const uint8_t *bytes) {
    uint64_t word = 0;
    for (unsigned at = 0; at < variant->bytes; at++) word = word << 8 | bytes[at];
    return word;
}

static void compress(const variant_t *variant, uint64_t state[8], const uint8_t *block) {
    uint64_t words[80], s[8];
    unsigned unused = 64 - 8 * variant->bytes;
    memcpy(s, state, sizeof s);
    for (unsigned t = 0; t < variant->rounds; t++) {
        words[t] = t < 16 ? read_word(variant, block + t * variant->bytes)
                          : fit(variant, small_sigma(variant, words[t - 2], variant->small[1]) + words[t - 7] +
                                             small_sigma(variant, words[t - 15], variant->small[0]) + words[t - 16]);
        uint64_t first = s[7] + big_sigma(variant, s[4], variant->big[1]) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
                         (round_constants[t] >> unused) + words[t];
        uint64_t second =
            big_sigma(variant, s[0], variant->big[0]) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[0] = fit(variant, first + second);
        s[4] = fit(variant, s[4] + first);
    }
    for (unsigned at = 0; at < 8; at++) state[at] = fit(variant, state[at] + s[at]);
}

/* The last blocks: a one bit, zeros, and the length in bits (5.1). */
static void finish(const variant_t *variant, uint64_t state[8], const uint8_t *rest, uint64_t length) {
    size_t block = 16 * variant->bytes, left = length % block;
    uint8_t last[256] = {0};
    size_t size = left + 1 + 2 * variant->bytes > block ? 2 * block : block;
    if (left > 0) memcpy(last, rest, left);
    last[left] = 0x80;
    for (unsigned at = 0; at < 8; at++) last[size - 1 - at] = (uint8_t)(8 * length >> 8 * at);
    for (size_t at = 0; at < size; at += block) compress(variant, state, last + at);
}

/* hash(bytes of a word, message): an ArrayBuffer; 4 is SHA-256, 8 is SHA-512. */
JSValue hash_of_bytes(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    int32_t width = 0;
    uint8_t *message, digest[64];
    size_t length;
    if (count < 2 || JS_ToInt32(context, &width, values[0]) || !is_bytes(context, values[1], &message, &length))
        return JS_ThrowTypeError(context, "Cannot hash: wrong arguments");
    const variant_t *variant = width == 4 ? &sha256 : &sha512;
    uint64_t state[8];
    size_t block = 16 * variant->bytes, at = 0;
    for (unsigned word = 0; word < 8; word++) state[word] = initial[word] >> (64 - 8 * variant->bytes);
    for (; at + block <= length; at += block) compress(variant, state, message + at);
    finish(variant, state, message + at, length);
    for (unsigned byte = 0; byte < 8 * variant->bytes; byte++)
        digest[byte] = (uint8_t)(state[byte / variant->bytes] >> 8 * (variant->bytes - 1 - byte % variant->bytes));
    return JS_NewArrayBufferCopy(context, digest, 8 * variant->bytes);
}
