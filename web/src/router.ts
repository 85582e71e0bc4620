import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import BoardPage from './pages/BoardPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { pages } from './pages/registry'
import { restore, session } from './stores/session'

const registered: RouteRecordRaw[] = pages.map((p) => ({ path: p.path, name: p.name, component: p.component, meta: { permission: p.permission } }))

const generated: RouteRecordRaw[] = [
  { path: '/data/:resource', name: 'list', component: () => import('./pages/ResourcePage.vue') }
]

// Pages live behind '#': the api serves files, and need not know the console's pages.
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/login', name: 'login', component: LoginPage, meta: { open: true } },
    { path: '/', name: 'board', component: BoardPage },
    ...registered,
    ...generated,
    { path: '/:rest(.*)*', redirect: '/' }
  ]
})

router.beforeEach(async (to) => {
  if (!session.asked) await restore().catch(() => undefined)
  if (!session.current && !to.meta.open) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  // Whoever must choose a new password does that on the login page, and goes nowhere else before.
  if (session.current?.must_change_password) return to.name === 'login' || { name: 'login' }
  if (session.current && to.name === 'login') return { name: 'board' }
  return true
})
