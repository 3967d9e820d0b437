/**
 * Compares what a program printed with what a document says it prints. `…` in a line stands for any text, `…` alone on a
 * line for any number of lines, `<any>` for one word. Space at the ends of lines and empty lines at the end do not count.
 */
export function matchesOutput(expected: string, actual: string): boolean {
  const pattern = tidy(expected)
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${linePattern(line)}\\n`))
    .join('')
  return new RegExp(`^${pattern}$`).test(`${tidy(actual).join('\n')}\n`)
}

function tidy(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())
}

function linePattern(line: string): string {
  return line
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('…', '.*')
    .replaceAll('<any>', '\\S+')
}
