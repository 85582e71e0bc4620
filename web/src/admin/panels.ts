// What stands above the values of one row, beyond what metadata can say: buttons, pickers, meters. Each is loaded with the first row that has it.
import { defineAsyncComponent, type Component } from 'vue'

const panels: Record<string, Component> = {
  accounts: defineAsyncComponent(() => import('./AccountPanel.vue')),
  faxes: defineAsyncComponent(() => import('./FaxPanel.vue')),
  'account-groups': defineAsyncComponent(() => import('./GroupPanel.vue')),
  tenants: defineAsyncComponent(() => import('./TenantPanel.vue')),
  'kb-categories': defineAsyncComponent(() => import('./CategoryPanel.vue'))
}

/** Takes the row, and says 'changed' when it must be read again. */
export const panelOf = (resource: string): Component | undefined => panels[resource]
