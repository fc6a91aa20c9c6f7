import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { counted } from '../../../report/words.ts';
import { type AuditLine, verifyAudit } from '../audit.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface AuditOptions {
  readonly folder: string;
  /** Hashes that somebody noted, by sequence number. */
  readonly expected: ReadonlyMap<number, string>;
  /** How many of the last lines are shown. */
  readonly tail: number;
}

/** `vitap issuer audit`: computes the chain of hashes again and says whether it is whole. */
export async function auditIssuer({ folder, expected, tail }: AuditOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ store }) => {
    const last: AuditLine[] = [];
    const keep = (line: AuditLine): void => {
      last.push(line);
      if (last.length > tail) last.shift();
    };
    const { fault, lines, head } = await verifyAudit(store.sql, expected, keep, io.signal);
    const verdict = fault === null ? 'pass' : 'fail';
    if (io.json) writeJson(io, { verdict, fault, lines, head, last });
    else {
      for (const { sequence, at, kind, details } of last) {
        const words = Object.entries(details).map(([name, value]) => `${name} ${value}`);
        io.stdout(`${sequence}  ${timeText(at)}  ${kind}${words.length === 0 ? '' : `  ${words.join(', ')}`}\n`);
      }
      if (fault === null) {
        io.stdout(`PASS: ${counted(lines, 'line')}, each hashed onto the one before\n`);
        io.stdout(`note ${lines}:${head} elsewhere; --expect takes it\n`);
      } else io.stdout(`FAIL: line ${fault.sequence}: ${fault.reason}\n`);
    }
    return fault === null ? EXIT.pass : EXIT.fail;
  });
}
