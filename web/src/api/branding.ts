// A tenant's face on the login page: asked before anybody is logged in, so nothing here may fail loudly.
import { request } from './http'
import type { Lang } from './types'

export interface LoginBrand {
  display_name: string | null
  logo: string | null
  language: Lang | null
}

export const brandingOf = (tenant: string): Promise<LoginBrand | null> => request<LoginBrand>('GET', `/branding?tenant=${encodeURIComponent(tenant)}`).catch(() => null)
