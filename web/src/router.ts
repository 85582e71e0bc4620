import { createRouter, createWebHashHistory } from 'vue-router'
import BoardPage from './pages/BoardPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { restore, session } from './stores/session'

// Pages live behind '#': the api serves files, and need not know the console's pages.
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/login', name: 'login', component: LoginPage, meta: { open: true } },
    { path: '/', name: 'board', component: BoardPage },
    { path: '/calls/:id?', name: 'calls', component: () => import('./pages/CallsPage.vue') },
    { path: '/data/:resource?/:id?', name: 'data', component: () => import('./pages/DataPage.vue') },
    { path: '/:rest(.*)*', redirect: '/' }
  ]
})

router.beforeEach(async (to) => {
  if (!session.asked) await restore().catch(() => undefined)
  if (!session.current && !to.meta.open) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (session.current && to.name === 'login') return { name: 'board' }
  return true
})
