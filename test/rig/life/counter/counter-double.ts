import type { CounterActs } from '../../../../rig/life/counter/page-routes.ts';
import type { CounterReading } from '../../../../rig/life/counter/reading.ts';
import { readClaim } from '../../../../rig/life/credential/claim.ts';
import type { ClaimAnswer, CounterView, QueueItem } from '../../../../rig/life/pages/counter/view.ts';
import { WebRefusal } from '../../../../rig/web/refusal.ts';

/** What the double takes for a code. */
export const GOOD_CODE = 'VP1:ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Synthetic people of the shipped profiles, as a presence tells of them. */
export const READING_OF_DOUBLE: CounterReading = {
  schema: 'vitap-counter-reading',
  version: 1,
  way: 'presence QR',
  at: '2026-11-29T10:00:00Z',
  rightsOn: '20261129',
  people: [
    {
      index: 1,
      quality: 0,
      firstName: 'ZOE',
      usualName: 'ADRUN',
      birthName: null,
      birthDate: '19751231',
      birthRank: 1,
      nir: { nir: '2751263220749', key: '74' },
      rights: [{ start: '20240101', end: null }],
      open: true,
    },
    {
      index: 2,
      quality: 6,
      firstName: 'PIERRE-ALAIN',
      usualName: 'ECETINSI',
      birthName: 'ADRUN',
      birthDate: '20090714',
      birthRank: 1,
      nir: { nir: '1090763220834', key: '89' },
      rights: [],
      open: false,
    },
  ],
  affiliation: { regime: '01', caisse: '999', centre: '0001', codeGestion: '10' },
  known: { from: 'issuer', since: '2026-11-29T10:00:00Z' },
  invoices: null,
  checks: [
    { what: 'presence', by: 'issuer', verdict: 'pass', detail: 'resolved' },
    { what: 'signature of the data', by: 'counter', verdict: 'not checked', detail: 'none' },
  ],
  activation: {
    state: 'active',
    list: { from: 'cache', issuedAt: '2026-11-29T07:00:00Z', ageSeconds: 10_800, goodForSeconds: 3600, stale: true },
  },
  followUp: { kind: 'context', id: 'reading-1', expiresAt: '2026-11-29T10:15:00Z' },
  warnings: ['the list of states was not asked for anew: no answer'],
};

/** A counter without an issuer and a reader, for the page alone. */
export class CounterDouble implements CounterActs {
  reading: CounterReading = READING_OF_DOUBLE;
  state: ClaimAnswer['state'] = 'sent';
  readonly queue: QueueItem[] = [];
  readonly damaged: string[] = [];
  readonly heard: unknown[] = [];

  async view(): Promise<CounterView> {
    return {
      reader: 'Virtual PCD 00 00',
      issuer: 'http://127.0.0.1:8080',
      offline: false,
      queue: this.queue,
      damaged: this.damaged,
    };
  }

  async scan({ text }: { text: string }): Promise<CounterReading> {
    this.heard.push(text);
    if (text !== GOOD_CODE) throw new WebRefusal('presence-used', 'this presence was used already', 409);
    return this.reading;
  }

  async picture(picture: Uint8Array): Promise<CounterReading> {
    this.heard.push(picture.length);
    return this.reading;
  }

  async tap(request: { can: string; invoices: boolean }): Promise<CounterReading> {
    this.heard.push(request);
    return { ...this.reading, way: 'card', followUp: null, known: { from: 'card', since: this.reading.at } };
  }

  async claimAfter(claim: unknown, after: string): Promise<ClaimAnswer> {
    const read = readClaim(claim);
    if ('refusal' in read) throw new WebRefusal('claim-malformed', read.refusal, 422);
    this.heard.push([read.claim, after]);
    const { number, date, total } = read.claim;
    const state = this.state === 'on the card' ? 'sent' : this.state;
    this.queue.push({ requestId: `request-${this.queue.length}`, number, date, total, state, problem: null });
    return { state: this.state, problem: null };
  }

  async claimToCard(claim: unknown, can: string): Promise<ClaimAnswer> {
    this.heard.push([claim, can]);
    return { state: 'on the card', problem: null };
  }

  async sendQueue(): Promise<void> {
    for (const [at, item] of this.queue.entries()) {
      if (item.state === 'waiting') this.queue[at] = { ...item, state: 'sent' };
    }
  }
}
