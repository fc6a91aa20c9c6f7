import { expect, it } from 'vitest';
import type { ChangeBell } from '../../../../rig/lab/server/change-bell.ts';
import { EventReaders } from '../../../../rig/lab/server/event-readers.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';

it('ends the stream of a reader that comes while the server ends, and asks the database nothing more', async () => {
  let asked = 0;
  let goOn = (): void => {};
  const first = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const query = async (statement: string): Promise<readonly object[]> => {
    asked++;
    await first;
    return statement === 'select lab_now() as now' ? [{ now: 1 }] : [];
  };
  const bell = { hear: () => () => {}, hearsAll: () => true } as unknown as ChangeBell;
  const readers = new EventReaders({ sql: { query } } as unknown as LabStore, bell, () => {});
  const opening = readers.open({ token: null, campaign: null, lastId: null });
  await readers.close();
  goOn();
  const stream = await opening;
  stream.resume();
  await new Promise((resolve) => stream.once('end', resolve));
  const before = asked;
  // Longer than the pause between two looks.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(asked).toBe(before);
});
