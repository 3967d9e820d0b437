/** In the place of the module of the same name: the host reads ten times as fast as the engine would. */
export function longValues(text: string): readonly number[] {
  return host.longValues(text)
}
