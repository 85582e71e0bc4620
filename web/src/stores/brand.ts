// The face of the tenant that one works in: its logo and display name, instead of ours.
import { reactive, watch } from 'vue'
import { brandingOf } from '../api/branding'
import { session } from './session'

export const brand = reactive({ display_name: '', logo: '' })

export async function loadBrand(): Promise<void> {
  const tenant = session.entered ? session.tenants.find((row) => row.id === session.entered)?.name : session.current?.tenant.kind === 'tenant' ? session.current.tenant.name : ''
  const found = tenant ? await brandingOf(String(tenant)) : null
  Object.assign(brand, { display_name: found?.display_name ?? '', logo: found?.logo ?? '' })
}

watch(() => [session.current?.tenant.id, session.entered], loadBrand, { immediate: true })
