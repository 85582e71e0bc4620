import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import BoardPage from './pages/BoardPage.vue'
import LoginPage from './pages/LoginPage.vue'
import { pages } from './pages/registry'
import { mayLeave } from './stores/dirty'
import { restore, session } from './stores/session'

const registered: RouteRecordRaw[] = pages.map((p) => ({ path: p.path, name: p.name, component: p.component, meta: { permission: p.permission } }))

const generated: RouteRecordRaw[] = [
  {
    path: '/data/:resource',
    component: () => import('./pages/ResourcePage.vue'),
    children: [
      { path: '', name: 'list', component: () => import('./pages/ListPage.vue') },
      { path: 'new', name: 'new', component: () => import('./pages/FormPage.vue') },
      { path: 'import', name: 'import', component: () => import('./pages/ImportPage.vue') },
      { path: ':id', name: 'row', component: () => import('./pages/DetailPage.vue') },
      { path: ':id/edit', name: 'edit', component: () => import('./pages/FormPage.vue') }
    ]
  }
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

router.beforeEach(async (to, from) => {
  // Another page, with changes that are not saved: ask. (A session that ended has nothing to save any more.)
  if (to.path !== from.path && session.current && !(await mayLeave())) return false
  if (!session.asked) await restore().catch(() => undefined)
  if (!session.current && !to.meta.open) return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  // Whoever must choose a new password, or set up the second factor, does that on the login page, and goes nowhere else before.
  if (session.current?.must_change_password || session.current?.totp_required) return to.name === 'login' || { name: 'login' }
  if (session.current && to.name === 'login') return { name: 'board' }
  return true
})
