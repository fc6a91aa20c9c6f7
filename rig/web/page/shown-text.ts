import { options, type VNode } from 'preact';

/** Controls but tab and line end, and what turns the direction of text: a name could read as another one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSHOWN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** Text from outside as a page shows it: what is not to be seen is written as `\u202E`, as on a terminal. */
export function shownText(text: string): string {
  return text.replace(
    UNSHOWN,
    (character) => `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

/** From here on every text that a page puts into its document goes through {@link shownText}; addresses stay as they are. */
export function showTextAlone(): void {
  const before = options.vnode;
  options.vnode = (node) => {
    if (typeof node.type === 'string') clean(node as VNode<Texts>);
    before?.(node);
  };
}

interface Texts {
  children?: unknown;
  'aria-label'?: unknown;
}

function clean({ props }: VNode<Texts>): void {
  if (typeof props['aria-label'] === 'string') props['aria-label'] = shownText(props['aria-label']);
  const { children } = props;
  if (typeof children === 'string') props.children = shownText(children);
  else if (Array.isArray(children)) {
    props.children = children.map((child) => (typeof child === 'string' ? shownText(child) : child));
  }
}
