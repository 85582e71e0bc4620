import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { startClock } from './stores/clock'
import { watchLeaving } from './stores/dirty'
import { watchNetwork } from './stores/live'
import { watchUpgrade } from './upgrade'
import './styles/tokens.css'
import './styles/element.css'
import './styles/base.css'

startClock()
watchNetwork()
watchLeaving()
watchUpgrade(router)
createApp(App).use(router).mount('#app')
