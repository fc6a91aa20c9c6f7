import { h, type VNode } from 'preact';
import { describe, expect, it } from 'vitest';
import { shownText, showTextAlone } from '../../../../rig/web/page/shown-text.ts';

describe('text from outside on a page', () => {
  it.each([
    ['a name', 'réception d’été × 2', 'réception d’été × 2'],
    ['what turns the direction', 'a\u202Eevil\u202C', 'a\\u202Eevil\\u202C'],
    ['an isolate', '\u2067x\u2069', '\\u2067x\\u2069'],
    ['an escape sequence', 'a\u001B[31m', 'a\\u001B[31m'],
    ['lines of a report', 'one\n\ttwo', 'one\n\ttwo'],
  ])('%s', (_name, text, shown) => {
    expect(shownText(text)).toBe(shown);
  });

  it('every text of an element is shown so, its name for who cannot see it too; its address leads on', () => {
    showTextAlone();
    const evil = 'x\u202E';
    const link = h('a', { href: `#${evil}`, 'aria-label': evil }, evil) as VNode<object>;
    expect(link.props).toMatchObject({ href: `#${evil}`, 'aria-label': 'x\\u202E', children: 'x\\u202E' });
    const list = h('p', null, evil, h('b', null, 'bold'), 3) as unknown as VNode<{ children: unknown[] }>;
    expect(list.props.children[0]).toBe('x\\u202E');
    expect(list.props.children[2]).toBe(3);
  });
});
