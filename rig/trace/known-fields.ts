import type { TraceEvent, TraceHeader } from './model.ts';

const HEADER_FIELDS: ReadonlySet<string> = new Set<keyof TraceHeader>([
  ...(['type', 'format', 'version', 'source', 'backend', 'reader', 'interface', 'atr', 'ats', 'card'] as const),
  ...([
    'clock',
    'startedAt',
    'redactions',
    'secretsKept',
    'redactionKey',
    'cardSeed',
    'driver',
    'sessionKeys',
  ] as const),
]);

const EVENT_FIELDS: Readonly<Record<TraceEvent['type'], ReadonlySet<string>>> = {
  power: new Set(['type', 't', 'state', 'atr', 'ats', 'uid']),
  field: new Set(['type', 't', 'state']),
  block: new Set(['type', 't', 'from', 'frame', 'crc', 'bits', 'synthetic', 'masks']),
  command: new Set(['type', 't', 'apdu', 'masks', 'plain']),
  response: new Set(['type', 't', 'apdu', 'masks', 'plain']),
  note: new Set(['type', 't', 'text', 'masks']),
};

/**
 * A header or an event without the fields that this version does not know: nobody can tell what secrets are in them.
 * @param onLeftOut told how many there were, when there were any
 */
export function knownFields<T extends TraceHeader | TraceEvent>(line: T, onLeftOut?: (count: number) => void): T {
  const known = line.type === 'header' ? HEADER_FIELDS : EVENT_FIELDS[line.type];
  let unknown = 0;
  for (const name in line) if (!known.has(name)) unknown++;
  if (unknown === 0) return line;
  onLeftOut?.(unknown);
  return Object.fromEntries(Object.entries(line).filter(([name]) => known.has(name))) as unknown as T;
}
