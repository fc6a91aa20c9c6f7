import { CannotRun } from '../../../console/failure.ts';
import type { CommandIo } from '../../../console/io.ts';
import { type Issuer, openIssuer } from '../issuer-folder.ts';
import { IssuerRefusal } from '../refusals.ts';

/** Opens the issuer of a folder for one verb and closes it, whatever happens. A refusal becomes a sentence; exit 2. */
export async function withIssuer<T>(
  folder: string,
  io: CommandIo,
  action: (issuer: Issuer, now: number) => Promise<T>,
): Promise<T> {
  const now = Date.now();
  const issuer = await openIssuer(folder, now);
  try {
    io.signal.throwIfAborted();
    return await action(issuer, now);
  } catch (error) {
    if (error instanceof IssuerRefusal) throw new CannotRun(forOperator(error, folder), { cause: error });
    throw error;
  } finally {
    await issuer.store.sql.close();
  }
}

/** What a person or a program is told to do is not what an operator can do. */
function forOperator({ code, message, cure }: IssuerRefusal, folder: string): string {
  switch (code) {
    case 'activation-unknown':
      return `${message}: vitap issuer status ${folder} lists them`;
    case 'application-unknown':
      return `there is no such application: vitap issuer review ${folder} lists those that wait`;
    case 'application-decided':
      return `${message}: there is nothing left to decide`;
    case 'application-expired':
      return `${message}: the person has to apply again`;
    default:
      return `${message}: ${cure}`;
  }
}

/** Milliseconds since 1970 for a person: `2025-11-25 14:00:00 UTC`. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
