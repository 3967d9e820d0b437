/** Where a daemon listens, and shims ask, when nothing else is said. */
export const defaultSocketPath = '/run/patchbay/patchbay.sock'
