import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { LabRefused, LabUnreachable } from '../api/lab-refused.ts';
import { type PersonLink, personLink } from '../api/person-link.ts';
import { type LabAddress, labLine } from '../bench/verb.ts';

/** Asks the lab as a person; what it refuses is told in its own words. @throws {CannotRun} */
export async function asking<T>(
  lab: LabAddress,
  io: Pick<CommandIo, 'signal'>,
  work: (link: PersonLink) => Promise<T>,
): Promise<T> {
  try {
    return await work(personLink({ ...labLine(lab), signal: io.signal }));
  } catch (error) {
    if (error instanceof LabRefused || error instanceof LabUnreachable) {
      throw new CannotRun(shown(error.message), { cause: error });
    }
    throw error;
  }
}
