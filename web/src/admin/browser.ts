// "Chrome 126 · Windows" of a User-Agent, for a person who looks for a stranger in a list.
const browsers: [RegExp, string][] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/MicroMessenger\/(\d+)/, 'WeChat'],
  [/OPR\/(\d+)/, 'Opera'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrome\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).* Safari/, 'Safari']
]
const systems: [RegExp, string][] = [
  [/Windows/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux']
]

export function browserOf(agent: string | null | undefined): string {
  if (!agent) return ''
  const browser = browsers.find(([pattern]) => pattern.test(agent))
  const version = browser ? browser[0].exec(agent)?.[1] : ''
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1]
  const name = browser ? `${browser[1]} ${version}` : (agent.split(/[/ ]/)[0] ?? '')
  return system ? `${name} · ${system}` : name
}
