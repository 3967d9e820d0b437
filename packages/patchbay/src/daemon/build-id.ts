/** Set by the build of the executables. */
declare const PATCHBAY_BUILD_ID: string

/**
 * Names the build that this program and its shim are from, in at most 32 bytes: a daemon and a shim of different builds
 * do not talk to each other.
 */
export const buildId = typeof PATCHBAY_BUILD_ID === 'undefined' ? 'unbuilt' : PATCHBAY_BUILD_ID
