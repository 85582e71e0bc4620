// Formatted text from the database is shown only after DOMPurify has been over it: no scripts, no styles, no foreign frames.
import DOMPurify from 'dompurify'

const rules = {
  ALLOWED_TAGS: ['p', 'br', 'b', 'strong', 'i', 'em', 's', 'u', 'h1', 'h2', 'h3', 'h4', 'ul', 'ol', 'li', 'blockquote', 'pre', 'code', 'hr', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'img', 'span', 'div'],
  ALLOWED_ATTR: ['href', 'title', 'src', 'alt', 'colspan', 'rowspan'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|\/|#)/i
}

export const cleanHtml = (html: string): string => DOMPurify.sanitize(html, rules)

/** Clean nodes to put into a page; links open elsewhere and tell nothing of where they come from. */
export function cleanNodes(html: string): DocumentFragment {
  const nodes = DOMPurify.sanitize(html, { ...rules, RETURN_DOM_FRAGMENT: true })
  for (const a of nodes.querySelectorAll('a')) {
    a.target = '_blank'
    a.rel = 'noopener noreferrer nofollow'
  }
  return nodes
}
