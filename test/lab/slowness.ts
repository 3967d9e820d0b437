/** How much longer everything takes where the tests run than on a processor of their own: more than 1 on other kernels. */
export const slowness = Number(process.env['PATCHBAY_TEST_SLOWNESS'] ?? 1)
