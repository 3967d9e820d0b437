/** Version of Patchbay, the same for all its packages. */
export const version = '0.1.0'
