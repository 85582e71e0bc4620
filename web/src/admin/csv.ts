// CSV as spreadsheets read it: UTF-8 with a byte order mark, CRLF, quotes doubled.

/** A cell that a spreadsheet would take for a formula is kept text. */
const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text)

function cell(value: unknown): string {
  const text = harmless(value === null || value === undefined ? '' : String(value))
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

export const csv = (lines: unknown[][]): string => `\ufeff${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`

export function save(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
