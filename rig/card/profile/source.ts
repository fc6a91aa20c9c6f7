import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import { LARGEST_TEXT } from '../../console/input-file.ts';
import { ProfileError, type ProfileIssue } from './profile-error.ts';
import { beyondYamlLimits } from './yaml-limits.ts';

export type Path = readonly PropertyKey[];

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A value of a profile with the place where it was written, and for an entry of a mapping that of its key. */
export interface Written {
  readonly place: Place;
  readonly keyPlace: Place | null;
  readonly value: string | Map<string, Written> | readonly Written[];
}

/** More values than any profile has: a guard against aliases that multiply. */
const MOST_VALUES = 20_000;
const TOO_LONG = `more than ${LARGEST_TEXT} characters`;

/**
 * YAML in which every scalar is text (`00112233` stays what it is), with the place of everything.
 * @throws {ProfileError} not YAML, or YAML with tags, several documents or keys that are no text
 */
export function readSource(text: string, file: string): Written {
  const lines = new LineCounter();
  const issues: ProfileIssue[] = [];
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report = (offset: number, message: string): void => {
    issues.push({ ...place(offset), message });
  };
  const beyond = text.length > LARGEST_TEXT ? { offset: 0, message: TOO_LONG } : beyondYamlLimits(text);
  if (beyond !== null) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
    throw new ProfileError([{ ...place(beyond.offset), message: beyond.message }]);
  }
  // Whether a key is there twice is looked for below: the package compares each with every other one.
  const options = { schema: 'failsafe', lineCounter: lines, prettyErrors: false, uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  for (const { pos, message } of document.errors) report(pos[0], `not YAML: ${lowerFirst(message)}`);
  for (const { pos } of document.warnings) report(pos[0], 'tags (!…) have no place in a profile: plain text is enough');
  if (issues.length > 0) throw new ProfileError(issues);
  if (document.contents === null) throw new ProfileError([{ ...place(0), message: 'the file is empty' }]);

  let count = 0;
  const above: Node[] = [];
  /** What an alias names: looked up by the package, each one would cost a walk through the document. */
  const anchors = new Map<string, ParsedNode>();
  let inAlias = 0;
  const walk = (node: ParsedNode, keyPlace: Place | null): Written => {
    const at = node.range[0];
    const here = place(at);
    const nothing: Written = { place: here, keyPlace, value: '' };
    if (++count > MOST_VALUES) {
      if (count === MOST_VALUES + 1) report(at, `more than ${MOST_VALUES} values`);
      return nothing;
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined || above.includes(target)) {
        report(at, `the alias *${node.source} ${target ? 'lies in what it names' : 'names nothing above it'}`);
        return nothing;
      }
      inAlias++;
      const written = walk(target, keyPlace);
      inAlias--;
      return written;
    }
    if (node.anchor !== undefined && inAlias === 0) anchors.set(node.anchor, node);
    if (isScalar(node)) return { place: here, keyPlace, value: String(node.value ?? '') };
    above.push(node);
    let value: Written['value'] = '';
    if (isSeq(node)) {
      value = node.items.map((item) => walk(item as ParsedNode, null));
    } else if (isMap(node)) {
      const entries = new Map<string, Written>();
      for (const pair of node.items) {
        const key = pair.key as ParsedNode;
        const keyAt = key.range[0];
        if (!isScalar(key)) report(keyAt, 'a key must be plain text');
        else if (key.value === '<<') report(keyAt, 'merge keys (<<) are not read: name the alias where it is used');
        else if (entries.has(String(key.value))) report(keyAt, 'this key is there twice');
        else if (pair.value !== null) entries.set(String(key.value), walk(pair.value as ParsedNode, place(keyAt)));
        else entries.set(String(key.value), { place: place(keyAt), keyPlace: place(keyAt), value: '' });
      }
      value = entries;
    }
    above.pop();
    return { place: here, keyPlace, value };
  };
  const root = walk(document.contents as ParsedNode, null);
  if (issues.length > 0) throw new ProfileError(issues);
  return root;
}

/**
 * `over` laid on `base`: mappings are merged key by key, everything else is replaced; entries of the outermost
 * mapping whose keys are in `whole` are replaced even when they are mappings.
 */
export function overlay(base: Written, over: Written, whole: readonly string[] = []): Written {
  if (!(base.value instanceof Map && over.value instanceof Map)) return over;
  const merged = new Map(base.value);
  for (const [key, entry] of over.value) {
    const under = merged.get(key);
    merged.set(key, under === undefined || whole.includes(key) ? entry : overlay(under, entry));
  }
  return { ...over, value: merged };
}

/** Mappings, lists and strings without their places. */
export function plain(written: Written): unknown {
  const { value } = written;
  if (typeof value === 'string') return value;
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, plain(entry)]));
  return value.map(plain);
}

/** What was written at a path, or as near above it as there is something. */
export function nearest(root: Written, path: Path): Written {
  let written = root;
  for (const step of path) {
    const { value } = written;
    const next: Written | undefined =
      value instanceof Map ? value.get(String(step)) : typeof value === 'string' ? undefined : value[Number(step)];
    if (next === undefined) return written;
    written = next;
  }
  return written;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
