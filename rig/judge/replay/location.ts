import { LARGEST_RESPONSE } from '../../../src/hal/apdu-size.ts';
import { type TlvNode, tlvTree } from '../../trace/tlv-tree.ts';
import { TemplateError } from './hex-template.ts';

/** Where bytes lie: in the data of the answer, or in the whole command APDU. */
export interface Location {
  readonly of: 'answer' | 'command';
  /** `data`: all of the data field. `status`: the status word. */
  readonly what:
    | { readonly kind: 'bytes'; readonly from: number; readonly to: number | null }
    | { readonly kind: 'tag'; readonly path: readonly string[] }
    | { readonly kind: 'data' }
    | { readonly kind: 'status' };
}

/**
 * `bytes 4`, `bytes 4-7`, `bytes 4-`, `tag 9F36`, `tag E2/84`, `data`, `status`; `command` before it speaks of the
 * command. Bytes of an answer count from its first, those of a command from CLA. A tag without its path is looked for
 * at any depth.
 * @throws {TemplateError}
 */
export function parseLocation(written: string): Location {
  const [, command, rest] = /^\s*(command\s+)?(.*?)\s*$/s.exec(written) as unknown as [string, string?, string?];
  const of = command === undefined ? 'answer' : 'command';
  const text = rest ?? '';
  if (text === 'data') return { of, what: { kind: 'data' } };
  if (text === 'status' && of === 'answer') return { of, what: { kind: 'status' } };
  const span = /^bytes\s+(\d{1,5})(-(\d{1,5})?)?$/.exec(text);
  if (span !== null) {
    const from = Number(span[1]);
    const to = span[2] === undefined ? from : span[3] === undefined ? null : Number(span[3]);
    if (from > LARGEST_RESPONSE || (to !== null && to < from))
      throw new TemplateError('the bytes end before they begin');
    return { of, what: { kind: 'bytes', from, to } };
  }
  const tag = /^tag\s+((?:[0-9A-Fa-f]{2}){1,4}(?:\/(?:[0-9A-Fa-f]{2}){1,4})*)$/.exec(text);
  if (tag !== null) return { of, what: { kind: 'tag', path: (tag[1] as string).toUpperCase().split('/') } };
  throw new TemplateError(
    'a place is `bytes 4-7`, `tag E2/84`, `data` or `status`, with `command` before it if need be',
  );
}

export interface ByteSpan {
  readonly offset: number;
  readonly length: number;
}

/**
 * Where it lies in these bytes; null when they do not have it.
 * @param bytes an answer with its status word, or a command
 * @param data where the data field lies in them
 */
export function locate({ of, what }: Location, bytes: Uint8Array, data: ByteSpan): ByteSpan | null {
  switch (what.kind) {
    case 'data':
      return data;
    case 'status':
      return { offset: bytes.length - 2, length: 2 };
    case 'bytes': {
      // Those of an answer are of its data, which it begins with.
      const last = of === 'answer' ? data.length : bytes.length;
      const end = what.to === null ? last : what.to + 1;
      return what.from < end && end <= last ? { offset: what.from, length: end - what.from } : null;
    }
    case 'tag': {
      const { nodes } = tlvTree(bytes.subarray(data.offset, data.offset + data.length));
      const node = findTag(nodes, what.path, []);
      return node === null ? null : { offset: data.offset + node.valueOffset, length: node.length };
    }
  }
}

/** Whether a path of tags ends with another: `84` and `E2/84` both mean E2/84. */
export function pathFits(path: readonly string[], wanted: readonly string[]): boolean {
  const shift = path.length - wanted.length;
  return shift >= 0 && wanted.every((tag, i) => path[shift + i] === tag);
}

function findTag(nodes: readonly TlvNode[], wanted: readonly string[], above: readonly string[]): TlvNode | null {
  for (const node of nodes) {
    const path = [...above, node.tag];
    if (pathFits(path, wanted)) return node;
    const inside = findTag(node.children, wanted, path);
    if (inside !== null) return inside;
  }
  return null;
}
