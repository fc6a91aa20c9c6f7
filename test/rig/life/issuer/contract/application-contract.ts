import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitActivation } from '../../../../../rig/life/issuer/activation.ts';
import {
  applicationState,
  apply,
  decideApplication,
  waitingApplications,
} from '../../../../../rig/life/issuer/application.ts';
import {
  type ApplicationFile,
  applicationFile,
  sweepApplications,
} from '../../../../../rig/life/issuer/application-files.ts';
import { enrol } from '../../../../../rig/life/issuer/enrolment.ts';
import { changeRollout, EVERYWHERE } from '../../../../../rig/life/issuer/rollout.ts';
import { HOUR, MINUTE, NOW, ZOE } from '../people.ts';
import { A, B, type IssuerInStore } from './issuer-in-store.ts';

/** The way without a digital identity. */
export function applicationContract({ store, commitOf, refuses }: IssuerInStore): void {
  describe('an application without a digital identity', () => {
    const files = new Map<ApplicationFile, Uint8Array>([
      ['document-front', Uint8Array.of(1, 2, 3)],
      ['video', Uint8Array.of(4, 5, 6)],
    ]);
    const sent = () => apply(store, { identity: ZOE, files, now: NOW });
    const onDisk = () =>
      readdirSync(store.files, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;

    it('is looked at by an operator; its files are gone when that is done', async () => {
      const { id, ticket } = await sent();
      expect([...readFileSync(applicationFile(store, id, 'video'))]).toEqual([4, 5, 6]);
      expect(await waitingApplications(store, NOW)).toEqual([
        { id, insuredId: 1, receivedAt: NOW, destroyBy: NOW + 96 * HOUR },
      ]);
      await refuses(enrol(store, { application: { id, ticket }, now: NOW }), 'application-waiting');
      await decideApplication(store, { id, refuse: null, now: NOW + HOUR });
      expect(onDisk()).toBe(0);
      expect(await applicationState(store, { id, ticket, now: NOW + HOUR })).toEqual({
        state: 'accepted',
        reason: null,
        filesDestroyed: true,
      });
      const { activationId } = await enrol(store, { deviceKey: A, application: { id, ticket }, now: NOW + HOUR });
      // Interrupted: the phone asks again, before and after its key is known.
      expect((await enrol(store, { application: { id, ticket }, now: NOW + HOUR })).activationId).toBe(activationId);
      await commitActivation(store, commitOf(activationId, A));
      await refuses(enrol(store, { deviceKey: B, application: { id, ticket }, now: NOW }), 'application-used');
    });

    it('that was refused tells the reason', async () => {
      const { id, ticket } = await sent();
      await decideApplication(store, { id, refuse: 'unreadable', now: NOW });
      expect(onDisk()).toBe(0);
      expect(await applicationState(store, { id, ticket, now: NOW })).toMatchObject({
        state: 'refused',
        reason: 'unreadable',
      });
      await refuses(enrol(store, { application: { id, ticket }, now: NOW }), 'application-refused');
      await refuses(decideApplication(store, { id, refuse: null, now: NOW }), 'application-decided');
    });

    it('loses its files after 96 hours, whatever happens', async () => {
      const { id, ticket } = await sent();
      await sweepApplications(store, NOW + 96 * HOUR - 1);
      expect(onDisk()).toBe(2);
      await sweepApplications(store, NOW + 96 * HOUR);
      expect(onDisk()).toBe(0);
      expect(existsSync(join(store.files, id))).toBe(false);
      expect(await applicationState(store, { id, ticket, now: NOW + 97 * HOUR })).toMatchObject({
        state: 'expired',
        filesDestroyed: true,
      });
      await refuses(decideApplication(store, { id, refuse: null, now: NOW + 97 * HOUR }), 'application-expired');
      await refuses(enrol(store, { application: { id, ticket }, now: NOW + 97 * HOUR }), 'application-expired');
    });

    it('loses its files at the next verb when the issuer was killed after the decision', async () => {
      const { id } = await sent();
      await store.sql.query(`update applications set state = 'accepted' where id = $1`, [id]);
      await waitingApplications(store, NOW + MINUTE);
      expect(onDisk()).toBe(0);
    });

    it('of which only a part arrived is destroyed within the hour', async () => {
      const { id } = await sent();
      await store.sql.query(`update applications set state = 'receiving' where id = $1`, [id]);
      expect(await waitingApplications(store, NOW + HOUR - 1)).toEqual([]);
      expect(onDisk()).toBe(2);
      await sweepApplications(store, NOW + HOUR);
      expect(onDisk()).toBe(0);
    });

    it('of which nothing is known is destroyed', async () => {
      const stray = join(store.files, 'app_stray');
      mkdirSync(stray);
      writeFileSync(join(stray, 'video'), 'x');
      utimesSync(join(stray, 'video'), 0, 0);
      await sweepApplications(store, NOW);
      expect(existsSync(stray)).toBe(false);
    });

    it('is not read with another ticket', async () => {
      const { id, ticket } = await sent();
      for (const wrong of ['', `${ticket.slice(0, -1)}x`]) {
        await refuses(applicationState(store, { id, ticket: wrong, now: NOW }), 'application-unknown');
        await refuses(enrol(store, { application: { id, ticket: wrong }, now: NOW }), 'application-unknown');
      }
    });

    it.each([
      ['without a video', [['document-front', 3]]],
      [
        'with an empty file',
        [
          ['document-front', 3],
          ['video', 0],
        ],
      ],
      [
        'with a file of another name',
        [
          ['document-front', 3],
          ['video', 3],
          ['../../escape', 3],
        ],
      ],
      [
        'with a file of 20 MB and one byte',
        [
          ['document-front', 3],
          ['video', 20 * 1024 * 1024 + 1],
        ],
      ],
    ] as [string, [ApplicationFile, number][]][])('%s is refused', async (_, lengths) => {
      const wrong = new Map(lengths.map(([file, length]) => [file, new Uint8Array(length)]));
      await refuses(apply(store, { identity: ZOE, files: wrong, now: NOW }), 'application-malformed');
      expect(onDisk()).toBe(0);
    });

    it('of somebody who is not insured here, or whose department is closed, stores nothing', async () => {
      await refuses(apply(store, { identity: { ...ZOE, givenName: 'Eve' }, files, now: NOW }), 'unknown-person');
      await changeRollout(store, { departments: [EVERYWHERE], open: false, now: NOW });
      await refuses(sent(), 'department-closed');
      expect(onDisk()).toBe(0);
    });
  });
}
