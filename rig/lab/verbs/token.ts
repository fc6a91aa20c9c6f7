import { existsSync, writeFileSync } from 'node:fs';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { Role } from '../api/token.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

/** `vitap lab token add`: makes a token, which is shown or written this once. @param out null: standard output */
export async function addLabToken(
  { lab, name, role, out }: { lab: LabAddress; name: string; role: Role; out: string | null },
  io: CommandIo,
): Promise<ExitCode> {
  if (out !== null && existsSync(out)) {
    throw new CannotRun(`${out} is there already, and no token was made: name another file, or take this one away`);
  }
  const token = await asking(lab, io, (link) => link.addToken(name, role));
  const tell = (file: string | null): void => {
    if (io.json) writeJson(io, { id: 'lab-token-add', name, role, file, token: file === null ? token : null });
    else if (file === null) io.stdout(`${token}\n`);
  };
  if (out === null) {
    tell(null);
    return EXIT.pass;
  }
  try {
    writeFileSync(out, `${token}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    // It cannot be had again: better on the terminal than lost.
    tell(null);
    throw new CannotRun(`${out} could not be written; the token is on standard output`, {
      cause,
    });
  }
  tell(out);
  io.stderr(`${out}: token of ${shown(name)}, role ${role}, for its owner alone\n`);
  return EXIT.pass;
}

/** `vitap lab token list` */
export async function listLabTokens(lab: LabAddress, io: CommandIo): Promise<ExitCode> {
  const tokens = await asking(lab, io, (link) => link.tokens());
  if (io.json) {
    writeJson(io, { id: 'lab-token-list', tokens });
    return EXIT.pass;
  }
  for (const { id, name, role, madeAt, revokedAt } of tokens) {
    const end = revokedAt === null ? '' : `, revoked ${day(revokedAt)}`;
    io.stdout(`${String(id).padStart(4)}  ${role.padEnd(8)}  ${shown(name)}, made ${day(madeAt)}${end}\n`);
  }
  return EXIT.pass;
}

/** `vitap lab token revoke` */
export async function revokeLabToken(lab: LabAddress, id: number, io: CommandIo): Promise<ExitCode> {
  await asking(lab, io, (link) => link.revokeToken(id));
  if (io.json) writeJson(io, { id: 'lab-token-revoke', token: id });
  else io.stderr(`token ${id} opens nothing any more, within three seconds\n`);
  return EXIT.pass;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
