// A resource as /meta/resources tells it, with a field of every kind.
import type { FieldMeta, ResourceMeta } from '../../src/api/types'

const texts = ['eq', 'ne', 'contains', 'starts', 'in', 'null']
const numbers = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'between', 'in', 'null']
export const field = (name: string, type: string, more: Partial<FieldMeta> = {}): FieldMeta => ({ name, type, zh: `中${name}`, en: `My ${name}`, filter: type === 'integer' || type === 'datetime' ? numbers : texts, sort: true, ...more })

export const everything: ResourceMeta = {
  name: 'things', zh: '东西', en: 'Thing', label: 'name', menu: 'crm', order: 5, search: ['name'], groups: { basic: { zh: '基本', en: 'Basic' }, more: { zh: '更多', en: 'More' } },
  can: { list: true, create: true, update: true, delete: true },
  fields: [
    field('id', 'uuid', { readonly: true }), field('tenant_id', 'uuid'), field('created_at', 'datetime', { readonly: true }), field('number', 'string', { required: true, group: 'basic' }), field('name', 'string', { group: 'basic' }),
    field('colour', 'string', { enum: ['black', 'white'], labels: { black: { zh: '黑', en: 'Black' }, white: { zh: '白', en: 'White' } } }), field('kind', 'string', { enum: { a: { zh: '甲', en: 'A' } } }), field('wait_s', 'integer', { widget: 'duration', unit: 's', group: 'more' }),
    field('owner_id', 'uuid', { ref: 'accounts', expand: true }), field('target_id', 'uuid', { refs: { by: 'target_kind', queue: 'queues' } }), field('target_kind', 'string', { enum: ['queue', 'none'] }), field('phone', 'string', { mask: 'phone', masked: true }),
    field('secret', 'string', { writeonly: true, filter: [] }), field('text', 'text'), field('page', 'string', { widget: 'html', list: false }), field('labels', 'strings', { widget: 'tags' }), field('industry', 'string', { dictionary: 'industry' }),
    field('until', 'date', { when: { field: 'kind', in: ['a'] } }), field('logo_id', 'uuid', { file: true, widget: 'image' }), field('on', 'boolean', { default: true }), field('fixed', 'string', { create_only: true }),
    field('custom.level', 'string', { custom: true, custom_type: 'single', position: 2, choices: [{ value: 'x', zh: '高', en: '' }] }), field('custom.place', 'strings', { custom: true, custom_type: 'cascade', position: 1, choices: [{ value: 'sh', zh: '上海', en: 'Shanghai', children: ['pd'] }] }), field('custom.note', 'string', { custom: true, custom_type: 'text' })
  ]
}
