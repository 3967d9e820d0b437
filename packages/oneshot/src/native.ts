import type { Native } from '@patchbay/linux/sys'

export type { Native }

/** The addon is part of the executable. */
export function useNativeAddon(): void {}

/** The functions of the native addon. */
export function native(): Native {
  return host.addon
}
