// What stands above the values of one row, beyond what metadata can say: buttons, pickers, meters. Each is loaded with the first row that has it.
import { defineAsyncComponent, defineComponent, h, type Component, type PropType } from 'vue'
import type { Row } from '../api/types'

const SoundPanel = defineAsyncComponent(() => import('../components/SoundPanel.vue'))
const soundPanel = (resource: string): Component =>
  defineComponent({ props: { row: { type: Object as PropType<Row>, required: true } }, setup: (props) => () => h(SoundPanel, { row: props.row, resource }) })

const panels: Record<string, Component> = {
  accounts: defineAsyncComponent(() => import('./AccountPanel.vue')),
  faxes: defineAsyncComponent(() => import('./FaxPanel.vue')),
  'account-groups': defineAsyncComponent(() => import('./GroupPanel.vue')),
  extensions: defineAsyncComponent(() => import('./ExtensionPanel.vue')),
  'outbound-routes': defineAsyncComponent(() => import('./OutboundRoutePanel.vue')),
  trunks: defineAsyncComponent(() => import('./TrunkPanel.vue')),
  'trunk-groups': defineAsyncComponent(() => import('./TrunkGroupPanel.vue')),
  tenants: defineAsyncComponent(() => import('./TenantPanel.vue')),
  'kb-categories': defineAsyncComponent(() => import('./CategoryPanel.vue')),
  recordings: defineAsyncComponent(() => import('./RecordingPanel.vue')),
  voicemails: soundPanel('voicemails'),
  prompts: defineAsyncComponent(() => import('./PromptPanel.vue'))
}

/** Takes the row, and says 'changed' when it must be read again. */
export const panelOf = (resource: string): Component | undefined => panels[resource]
