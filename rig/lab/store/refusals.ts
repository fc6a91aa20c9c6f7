import { shown } from '../../console/shown.ts';

/**
 * Every refusal of the lab: HTTP status, and what is wrong and can be done; `…` is what was asked for. docs/lab.md shows this
 * table.
 */
export const LAB_REFUSALS = {
  'token-wrong': { status: 401, sentence: 'the token is missing, wrong or revoked: ask an operator for one' },
  'role-missing': { status: 403, sentence: 'the token is of another role than this takes' },
  'token-unknown': { status: 404, sentence: 'there is no token …' },
  'bench-outdated': {
    status: 409,
    sentence: 'the bench speaks another version of the interface: install the vitap of the server there',
  },
  'bench-name-taken': {
    status: 409,
    sentence: 'a bench of this name has another key: choose another name, or bring back its key',
  },
  'bench-unknown': { status: 404, sentence: 'there is no bench …: it enrols first' },
  'bench-quarantined': { status: 409, sentence: 'the bench is in quarantine: a person looks at it and lets it back' },
  'reader-unknown': {
    status: 404,
    sentence: 'no bench that lives has a reader or a card …: see vitap lab benches',
  },
  'campaign-unknown': { status: 404, sentence: 'there is no campaign …' },
  'campaign-differs': {
    status: 409,
    sentence: 'another campaign was submitted with this key: submit it again with a new one',
  },
  'run-unknown': { status: 404, sentence: 'there is no run …' },
  'attempt-unknown': { status: 404, sentence: 'there is no attempt … of a bench' },
  'attempt-over': {
    status: 409,
    sentence: 'the lease of this attempt was given back or cancelled: its result is kept, and does not count',
  },
  'result-malformed': { status: 400, sentence: 'the result is not as the description of the interface has it' },
  'result-for-another': { status: 400, sentence: 'the result speaks of another attempt, run, bench or device' },
  'result-unsigned': { status: 401, sentence: 'the result is not signed by the key of its bench' },
  'blob-missing': {
    status: 409,
    sentence: 'a file of the result was not uploaded: upload it, then send the result again',
  },
  'blob-unknown': { status: 404, sentence: 'there is no file … here' },
  'blob-elsewhere': {
    status: 404,
    sentence: 'the lab has this file, and the folder of this server has not: servers of one lab share their folder',
  },
  'blob-differs': { status: 400, sentence: 'what came has another hash than its address: send it again' },
  'blob-torn': { status: 400, sentence: 'the upload ended early: send it again' },
  'blob-too-large': { status: 413, sentence: 'the file is larger than the lab takes' },
  'streams-full': {
    status: 503,
    sentence: 'too many streams of events are open at this server: close some, or ask again later',
  },
  'disk-full': {
    status: 507,
    sentence: 'the disk of the server is full: nothing was kept; make room and send it again',
  },
  'store-busy': { status: 503, sentence: 'the database is busy: try again' },
  'store-full': { status: 503, sentence: 'the database has no space left: nothing was changed' },
  'store-denied': { status: 503, sentence: 'the database does not let the server in: who keeps it must look' },
  'store-unreachable': { status: 503, sentence: 'the database cannot be reached: try again later' },
} as const;
export type LabRefusalCode = keyof typeof LAB_REFUSALS;

/** Longest part of a sentence that came from whoever asked. */
const LONGEST_ASKED = 100;

/** What the lab does not do. */
export class LabRefusal extends Error {
  readonly code: LabRefusalCode;
  readonly status: number;

  /** @param asked what was asked for, where the sentence says it; it is cleaned here */
  constructor(code: LabRefusalCode, asked?: string | number) {
    const named = asked === undefined ? '' : ` ${shown(String(asked).slice(0, LONGEST_ASKED))}`;
    super(LAB_REFUSALS[code].sentence.replace(' …', () => named));
    this.name = 'LabRefusal';
    this.code = code;
    this.status = LAB_REFUSALS[code].status;
  }
}
