import { spanInWords } from './words.ts';

/** Where, with what and when something was measured or judged. The same in every report. */
export interface ReportEnvironment {
  /** `vitap 0.1.0` */
  readonly program: string;
  /** Commit of the checkout that ran, `+` at its end when there were changes; null outside of one. */
  readonly commit: string | null;
  readonly node: string;
  readonly system: string;
  readonly machine: string;
  readonly host: string;
  /** A card of ours in software is `simulated`, whatever it was read through. */
  readonly backend: 'simulated' | 'hardware';
  readonly reader: string;
  readonly protocol: string;
  /** ATR in hex, or null. */
  readonly atr: string | null;
  readonly card: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

/** The environment as rows of a report: what it is called, and what it is. */
export function environmentRows(environment: ReportEnvironment): readonly (readonly [name: string, value: string])[] {
  const { card, backend, reader, protocol, atr } = environment;
  return [
    ['Card', card],
    ['Backend', backend],
    ['Reader', protocol === '' ? reader : `${reader}, ${protocol}`],
    ['ATR', atr ?? 'none'],
    [
      'Program',
      environment.commit === null ? environment.program : `${environment.program}, commit ${environment.commit}`,
    ],
    ['Node', environment.node],
    ['Machine', `${environment.machine}, ${environment.system}, ${environment.host}`],
    ['Started', environment.startedAt],
    ['Took', spanInWords(environment.durationMs)],
  ];
}
