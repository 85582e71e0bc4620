// A file to the server, in parts no larger than it takes at once. What it has already is not sent again.
import { request, sendBytes } from '../api/http'
import type { Upload } from './types'

export async function uploadFile(file: File, purpose: string, signal: AbortSignal = new AbortController().signal): Promise<string> {
  const upload = await request<Upload>('POST', '/uploads', { name: file.name, bytes: file.size, media_type: file.type || 'application/octet-stream', purpose })
  const parts = Math.max(1, Math.ceil(file.size / upload.part_bytes))
  for (let n = 1; n <= parts; n++) {
    if (upload.received.includes(n)) continue
    await sendBytes(`/uploads/${upload.id}/parts/${n}`, file.slice((n - 1) * upload.part_bytes, n * upload.part_bytes), () => undefined, signal)
  }
  await request('POST', `/uploads/${upload.id}/complete`, {})
  return upload.id
}
