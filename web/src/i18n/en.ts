import type { zh } from './zh'

export const en: typeof zh = {
  brand: 'Zongji',
  skip: 'Skip to content',
  nav: { label: 'Main', search: 'Search pages', nothing: 'No page matches', fold: 'Fold the menu', unfold: 'Open the menu' },
  bar: { theme: 'Light or dark', lang: '切换为中文', logout: 'Log out', tenant: 'Tenant', carrier: 'Carrier', account: 'Logged in as' },
  link: {
    idle: 'Not connected', connecting: 'Connecting', live: 'Live', stale: 'Out of date', waiting: 'Reconnecting', ended: 'Disconnected',
    staleTitle: 'Data is out of date', staleAcd: 'The call engine is away; the board goes on when it is back', staleNet: 'The connection to the server is lost; trying again', asOf: 'Frozen at {time}', loading: 'Loading live data…'
  },
  login: {
    title: 'Log in', tenant: 'Tenant', tenantHelp: 'Leave empty for carrier accounts', username: 'User name', password: 'Password', submit: 'Log in', busy: 'Logging in…',
    usernameMissing: 'Type your user name', passwordMissing: 'Type your password', wrong: 'Tenant, user name or password is wrong', tooMany: 'Too many tries. Try again in {seconds} s',
    ended: 'Your session has ended. Log in again', tagline: 'Every call finds its place.', sub: 'The open, carrier-grade, multi-tenant call centre'
  },
  problem: { network: 'The server cannot be reached. Check the network and try again', away: 'The service is away for the moment. Try again', permission: 'You have no permission for this', notFound: 'Not found, or deleted', unknown: 'The request failed ({status})', request: 'Request {id}' },
  board: {
    title: 'Live board', nowWaiting: 'Waiting', longest: 'Longest wait', nobody: 'Nobody waits', agents: 'Agents', signedIn: 'signed in', today: 'Today', offered: 'Offered', answered: 'Answered', abandoned: 'Abandoned',
    serviceLevel: 'Service level', answerRate: 'Answer rate', allQueues: 'All queues', onlyQueue: 'Only {name}', noTenant: 'Choose a tenant above'
  },
  queue: { title: 'Queues', name: 'Queue', waiting: 'Waiting', longest: 'Longest', free: 'Idle / in', answered: 'Answered', abandoned: 'Lost', level: 'Service', none: 'No queues yet' },
  waiting: { title: 'Waiting callers', caller: 'Caller', queue: 'Queue', time: 'Waiting', position: 'Place', offered: 'Ringing {agent}', none: 'No caller is waiting', vip: 'Priority {n}' },
  agent: {
    title: 'Agents', search: 'Name, number or extension', signedOut: 'Show signed out', none: 'No agent is signed in', noMatch: 'No agent matches', unregistered: 'Phone not registered', today: '{n} calls today', more: 'Show {n} more',
    control: 'Control this agent', commands: { idle: 'Set idle', busy: 'Set busy', out: 'Sign out', hangup: 'End the call' },
    state: { signed_out: 'Signed out', idle: 'Idle', reserved: 'Reserved', ringing: 'Ringing', talking: 'Talking', after_call: 'After call', busy: 'Busy', outbound_only: 'Outbound only', offline: 'Offline' }
  },
  call: {
    title: 'Calls', none: 'No calls right now', caller: 'Caller', callee: 'Callee', who: 'Agent / queue', time: 'Time', started: 'Started', wait: 'Wait', talk: 'Talk', result: 'Result', open: 'Show details',
    where: { queue: 'Queue', ring: 'Ringing', hold: 'Hold', ivr: 'IVR', talk: 'Talking', fax: 'Fax', ended: 'Ended' },
    direction: { in: 'Inbound', out: 'Outbound', internal: 'Internal' },
    role: { customer: 'Customer', agent: 'Agent', consulted: 'Consulted', external: 'External', supervisor: 'Supervisor', room: 'Room' },
    leg: { trying: 'Trying', ringing: 'Ringing', early: 'Early media', answered: 'Answered', ended: 'Ended' },
    results: {
      answered: 'Answered', abandoned_ivr: 'Abandoned in IVR', abandoned_queue: 'Abandoned in queue', no_answer: 'No answer', busy: 'Busy', rejected: 'Rejected', unreachable: 'Unreachable', barred: 'Barred', over_limit: 'Over limit', failed: 'Failed'
    },
    segment: {
      talk: 'Talk', hold: 'Hold', consult: 'Consult', conference: 'Conference', listen: 'Listen', whisper: 'Whisper', barge: 'Barge', ivr: 'IVR', queue: 'Queue', park: 'Park', voicemail: 'Voicemail', ring: 'Ring', fax: 'Fax'
    }
  },
  calls: { title: 'Calls', search: 'Caller number', all: 'Any result', more: 'More', none: 'No call matches', refresh: 'Refresh', loading: 'Loading…', dial: 'Call', dial0: '+0 call', restricted: 'Outbound restricted: call numbers from the call records' },
  drawer: {
    title: 'Call', timeline: 'Timeline', legs: 'Parties', recordings: 'Recordings', noRecording: 'Not recorded', id: 'Id', hangup: 'Hung up by', by: { customer: 'customer', agent: 'agent', system: 'system' },
    living: 'The call is going on; its timeline and recording are here when it has ended', close: 'Close', noListen: 'You may not listen to recordings', facts: 'Summary', codec: 'Codec', quality: 'Quality'
  },
  data: { title: 'Data', search: 'Filter', none: 'Nothing here yet', row: 'Details', yes: 'Yes', no: 'No', more: 'More', choose: 'Choose a kind of data' }
}
