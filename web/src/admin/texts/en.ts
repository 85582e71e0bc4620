import type { zh } from './zh'

export const en: typeof zh = {
  add: 'Add', edit: 'Edit', remove: 'Delete', save: 'Save', cancel: 'Cancel', confirm: 'OK', close: 'Close', back: 'Back', next: 'Next', preview: 'Preview', search: 'Search', reset: 'Reset', filter: 'Filter', all: 'All', any: 'Any',
  choose: 'Choose', none: 'Nothing here', loading: 'Loading…', saved: 'Saved', remark: 'Remark', yes: 'Yes', no: 'No', enabled: 'Enabled', disabled: 'Disabled', unchanged: 'Unchanged', details: 'Details', more: 'More', moreFields: 'Show all fields', export: 'Export',
  takeOut: 'Remove', andMore: '{n} more; narrow the list with the filter', foldAll: 'Fold all', unfoldAll: 'Unfold all', unlimited: 'unlimited', tenant: 'Tenant', previous: 'Previous', nextPage: 'Next', unsaved: 'Unsaved changes', order: 'Order',
  moveHint: 'Drag, or press Alt and an arrow key', moveRow: 'Move {name}', moveRowHint: 'Drag, or press the up and down arrows',
  kinds: { read: 'View', create: 'Add', update: 'Edit', delete: 'Delete', export: 'Export', import: 'Import' },
  roles: {
    title: 'Roles', hint: 'A role decides which pages an account opens, whose data it sees, and which fields', name: 'Name', kind: 'Kind', systemDefault: 'System default', removeQuestion: 'Delete the role “{name}”? A role that is in use cannot be deleted.',
    permissions: 'Permissions', scope: 'Data scope', fields: 'Fields', masks: 'Sensitive values', page: 'Page', special: 'Others', filter: 'Filter by page', cell: '{page}: {kind}', wholeRow: '{page}: all', wholeColumn: 'All pages: {kind}', wholeModule: '{module}: all',
    beyond: 'You do not have this permission yourself, so you cannot give or take it', barred: 'The carrier does not allow this permission to be granted', fixed: 'A system default, or you may not edit roles', field: 'Field', resource: 'Module', sensitive: 'sensitive', accessOf: '{role}: {field}',
    fieldsHint: 'Choose a module, then say for each field what each role may do. A field that nothing is said about can be read and written.', masksHint: 'What is not ticked is masked everywhere: in lists, details, exports, histories and live events.', noDepartments: 'There are no departments yet'
  },
  roleKinds: { admin: 'administrator', agent: 'agent', custom: 'custom' },
  scopes: { own: 'Own', group: 'Own group', department: 'Own department and below', chosen: 'Chosen departments', tenant: 'Whole tenant' },
  scopeHelp: { own: 'Only what concerns oneself', group: 'What concerns the members of one’s account groups', department: 'What concerns one’s department and those below it', chosen: 'The departments ticked below, and those below them', tenant: 'Everything of the tenant' },
  access: { write: 'Read and write', read: 'Read only', masked: 'Masked', none: 'Hidden' },
  grantable: {
    title: 'Permission registry', hint: 'Which permissions roles can be given at all, page by page, in every tenant', category: 'Category', allCategories: 'All categories', search: 'Page', count: '{n} pages, {page} of {pages}', explain: 'What is not ticked cannot be given to a role any more.', allowed: 'can be granted', forbidden: 'cannot be granted'
  },
  password: {
    title: 'Password', short: 'Password', old: 'Current password', next: 'New password', again: 'New password again', change: 'Change password', changed: 'Password changed; other logins have ended', length: 'At least {n} characters', classes: 'At least {n} of: capitals, small letters, digits, signs', runs: 'No run of 4 or more characters',
    history: 'Not one of the last {n} passwords', met: '(met)', unmet: '(not met)', differ: 'The two do not match', oldWrong: 'The current password is wrong', generate: 'Make one at random'
  },
  fax: { pdf: 'Pages as PDF', tiff: 'Pages as TIFF', preparing: 'The document is being prepared' },
  totp: {
    title: 'Two-step login', about: 'Besides the password, 6 digits from an authenticator app', isOn: 'On', isOff: 'Off', password: 'Password', turnOn: 'Turn on', turnOff: 'Turn off', qr: 'QR code for the authenticator app', scan: 'Scan the code with an authenticator app and type the 6 digits it shows.', byHand: 'If it cannot be scanned, type the key:',
    code: '6 digits', confirm: 'Turn on', enabled: 'Two-step login is on', disabled: 'Two-step login is off', wrongPassword: 'The password is wrong', wrongCode: 'The code is wrong. Check the clock of the phone and try again'
  },
  sessions: { title: 'Sessions', hint: 'Where the account is logged in. End what you do not know, and change the password', where: 'Device', source: 'Address', since: 'Since', seen: 'Last seen', end: 'Log out', endQuestion: 'End this login at once?', thisOne: 'this one', none: 'Not logged in', program: 'program' },
  me: { title: 'My profile', about: 'About me', name: 'Name', email: 'E-mail', phone: 'Phone', language: 'Language', tenantLanguage: 'As the tenant', lastLogin: 'Last login', passwordSince: 'Last changed' },
  quick: {
    setupTitle: 'Quick setup', setupHint: 'Accounts, extensions and agents in bulk', setupSteps: ['Objects', 'Parameters', 'Preview', 'Done'], account: 'Accounts', newAccounts: 'Generate new accounts', givenAccount: 'For a given account', object: 'Objects',
    objects: { agents_extensions: 'Agents and extensions', extensions: 'Extensions', agents: 'Agents only' }, objectHelp: { agents_extensions: 'agents and the extensions they use', extensions: 'extensions only', agents: 'agents with phones outside the system; set their numbers under Agents' },
    count: 'How many', usernamePrefix: 'Prefix of user names', usernameHelp: 'prefix0, prefix1 …', firstExtension: 'First extension', firstAgent: 'First agent number', role: 'Role', department: 'Department', passwords: 'Passwords', random: 'Random', randomHelp: 'a random password for each account and extension',
    passwordLength: 'Length', passwordPrefix: 'Password', details: 'Detailed settings', willMake: '{n} will be made', made: '{n} made', saveCsv: 'The data is saved. Save a CSV file?', csv: 'Save CSV file', again: 'Another batch', taken: 'exists', template: 'Download template', filled: 'Import the filled template', changePasswords: 'Change passwords',
    columns: { extension: 'Extension', extension_password: 'Extension password', agent: 'Agent', agent_password: 'Agent password', username: 'User name', account_password: 'User password', email: 'E-mail' },
    editTitle: 'Quick edit', editHint: 'The same change to many extensions, agents or accounts', editSteps: ['Objects', 'Range', 'Changes', 'Preview'], editObjects: { extensions: 'Extensions', agents: 'Agents', accounts: 'Accounts' }, available: 'Available', selected: 'Selected', onlySet: 'Only what is filled in changes; prefix and suffix go around the present value.',
    field: 'Field', prefix: 'Prefix', suffix: 'Suffix', resetPassword: 'Reset password', prefixNeeded: 'To reset passwords a prefix is needed: the new password is prefix and suffix', firstAfter: '{n} will change. The first one after the change:', before: 'Before', after: 'After', saveChanges: 'Save changes', edited: '{n} changed'
  },
  account: {
    extensions: 'Extensions', addExtension: 'Add extension', agent: 'Configure agent', loginAs: 'Log in as', loginAsQuestion: 'Log in as “{name}”? Whatever you do is logged for you and for that account.', resetPassword: 'Reset password', enable: 'Enable', disable: 'Disable', dropTotp: 'Drop two-step login', dropTotpQuestion: 'Take two-step login from {name}?',
    extensionsOf: 'Extensions of {name}', extensionFor: 'An extension for {name}', agentFor: 'An agent for {name}', sessionsOf: 'Sessions of {name}', resetOf: 'Reset the password of {name}', mustChange: 'Must be changed at the next login', resetEnds: 'Present logins of the account end at once; so does a lock-out after wrong passwords.', passwordSet: 'Password reset',
    loginName: 'Login name', extensionName: 'Name', extensionNumber: 'Number', status: 'Status', removeExtension: 'Delete this extension?', noExtensions: 'No extensions yet', wizard: 'Account {name} is made: add its extension', later: 'Later'
  },
  groups: { members: 'Members', available: 'Can be added', inside: 'In the group', admin: 'Administrator', saveMembers: 'Save members' },
  org: {
    title: 'Organisation', hint: 'Departments and workplaces; drag to move', addTop: 'Add department', addBelow: 'Add below', edit: 'Edit department', parent: 'Below', name: 'Name', kind: 'Kind', kinds: { department: 'Department', workplace: 'Workplace' }, none: 'No departments yet', loose: 'Without department', members: 'Members',
    below: 'and below', moveTo: 'Move to', addMember: 'Add members', addMemberTo: 'Add members to {name}', removeQuestion: 'Delete “{name}”? One with departments or members cannot be deleted.', username: 'User name', personName: 'Name', number: 'Account', department: 'Department', nobody: 'No members'
  },
  usage: { title: 'Usage', hint: 'Used / allowed', total: 'Whole system', of: '{label}: {used} used of {max}', search: 'Tenant', address: 'Address', phone: 'Phone', email: 'E-mail' },
  quotas: { accounts: 'Accounts', agents: 'Agents', extensions: 'Extensions', queues: 'Queues', rooms: 'Rooms', campaigns: 'Campaigns', storage_mb: 'Storage (MB)' },
  money: { recharge: 'Recharge', rechargeTitle: 'Recharge', balance: 'Balance' },
  lists: { number: 'Number', direction: 'Direction', added: 'Added', addBlack: 'Add to black list', addWhite: 'Add to white list', removeAsk: 'Take this number off the list?', directions: { in: 'Inbound', out: 'Outbound', both: 'Both' } },
  tenants: { enter: 'Enter tenant', agents: 'Agents', accounts: 'Accounts', extensions: 'Extensions', blacklist: 'Black list', whitelist: 'White list', exportData: 'Export configuration', importData: 'Import configuration', imported: 'Configuration imported' },
  jobStates: { waiting: 'Waiting', running: 'Running', cancelling: 'Cancelling', cancelled: 'Cancelled', finished: 'Finished', failed: 'Failed' },
  settings: { title: 'Settings', general: 'General', branding: 'Branding', displayName: 'Display name', logo: 'Logo', chooseLogo: 'Choose an image', logoRule: 'PNG, JPEG or WebP, at most 1 MB', saveBranding: 'Save branding' },
  audit: {
    title: 'Operation log', hint: 'Who did what to what, and when; nobody can change or delete it', who: 'Who', event: 'Operation', resource: 'Module', word: 'Object', from: 'From', until: 'Until', source: 'Address', when: 'When', what: 'What', via: 'By way of', by: 'by {name}', before: 'Old value', after: 'New value', secret: '(changed; secret)',
    noChanges: 'No field changed', request: 'Request {id}'
  },
  events: {
    create: 'Added', update: 'Changed', delete: 'Deleted', restore: 'Restored', import: 'Imported', export: 'Exported', download: 'Downloaded', login: 'Login', 'login.failed': 'Login failed', logout: 'Logout', timeout: 'Timed out', enter: 'Entered tenant', impersonate: 'Logged in as', password: 'Password', totp: 'Two-step login', 'session.revoke': 'Session ended',
    denied: 'Denied'
  },
  vias: { api: 'page or API', import: 'import', job: 'job', system: 'system' },
  fields: {
    title: 'Custom fields', hint: 'Fields of your own for customers, accounts and others; their order is the form’s', add: 'Add field', edit: 'Edit field', zh: 'Name', en: 'English name', name: 'Key', nameHelp: 'A small letter first, then small letters, digits, underscores; for the API and imports', type: 'Type', default: 'Default', defaultWrong: 'Does not fit the type', mask: 'Mask', noMask: 'Not masked',
    enabled: 'Enabled', required: 'Required', unique: 'No two alike', choices: 'Options', ownChoices: 'Its own', fromDictionary: 'From a dictionary', choicesMissing: 'At least one option is needed', choiceZh: 'Option', choiceEn: 'English', addChoice: 'Add option', addBelow: 'Add below', helpZh: 'Help (Chinese)', helpEn: 'Help (English)', group: 'Group',
    permissions: 'Who may see and change it', permissionsLater: 'Once it is saved, each role’s access can be set; a new field can be read and written by all.', none: 'No custom fields yet', noResource: 'No module can have custom fields', removeQuestion: 'Delete this field? What was filled in is not shown any more.'
  },
  fieldTypes: { text: 'Text', textarea: 'Long text', email: 'E-mail', phone: 'Phone', single: 'Single choice', multi: 'Multiple choice', cascade: 'Cascade', date: 'Date', datetime: 'Date and time', integer: 'Integer', decimal: 'Decimal', region: 'Region', attachment: 'Attachment' },
  masks: { phone: 'Phone', email: 'E-mail', id: 'Identity', name: 'Name', all: 'All of it' },
  dict: {
    title: 'Dictionaries', hint: 'Where choices come from; drag to order them', add: 'Add dictionary', edit: 'Edit dictionary', addItem: 'Add entry', editItem: 'Edit entry', addBelow: 'Add below', code: 'Code', codeHelp: 'A small letter first', name: 'Name', tree: 'Entries have entries below them', isTree: 'tree', isList: 'list', zh: 'Chinese', en: 'English', parent: 'Below', noItems: 'No entries yet',
    removeQuestion: 'Delete “{name}” and what is in it?'
  },
  kb: {
    title: 'Knowledge base', all: 'All knowledge', search: 'Keyword', results: 'Knowledge', level1: 'Category', level2: 'Subcategory', name: 'Name', content: 'Content', history: 'Viewed lately', noHistory: 'No records', none: 'Nothing matches', back: 'Back to the list', attachments: 'Attachments', download: 'Download', tags: 'Tags', updated: 'Updated', categories: 'Categories', draft: 'Draft',
    permissions: 'Who may see it', mode: 'Permissions', inherit: 'As the category above', custom: 'Its own', departments: 'Departments', employees: 'People', access: 'Permission', assign: 'Assign', access_: { view: 'View', edit: 'Edit', manage: 'Manage' }, noGrants: 'Nobody yet', manage: 'Manage knowledge'
  }
}
