// Sound files that become prompts: named after the file, each by an upload of its own.
import { rows } from '../admin/client'
import type { Row } from '../api/types'
import { uploadFile } from '../admin/upload'

/** The file's name without its ending, as a prompt may be called. */
export const promptName = (file: string): string => file.replace(/\.[A-Za-z0-9]{1,5}$/, '').replace(/[/<>"\\\p{Cc}]/gu, ' ').trim().slice(0, 100) || 'prompt'

export async function promptOf(file: File, language: string): Promise<Row> {
  const source = await uploadFile(file, 'prompts.source_id')
  return rows.create('prompts', { name: promptName(file.name), language, source_id: source })
}
