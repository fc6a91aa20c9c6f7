import type { LinkEvent } from '../../../src/hal/card-link.ts';
import type { TraceWriter } from '../writer.ts';

const POWER = { 'power-on': 'on', reset: 'reset', 'field-off': 'off' } as const;

/** What happened on a link, as events of a trace. */
export function recordLink(trace: TraceWriter, event: LinkEvent, atr: Uint8Array): void {
  switch (event.type) {
    case 'exchange':
      trace.command(event.command, event.atNs);
      trace.response(event.response, event.doneNs);
      return;
    case 'power-on':
    case 'reset':
      trace.power(POWER[event.type], event.atNs, atr);
      return;
    case 'field-off':
      trace.power('off', event.atNs);
      return;
    default:
      trace.note(event.type, event.atNs);
  }
}
