import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ENROL, HEARTBEAT, LAB_INTERFACE, PROGRESS, QUARANTINE, TAKE } from '../../../../rig/lab/api/bench.ts';
import { benchLink } from '../../../../rig/lab/api/bench-link.ts';
import { MISSING_ASKED } from '../../../../rig/lab/api/blob.ts';
import { SUBMISSION, SUBMITTED_RUN } from '../../../../rig/lab/api/campaign.ts';
import { LabRefused, LabUnreachable } from '../../../../rig/lab/api/lab-refused.ts';
import { personLink } from '../../../../rig/lab/api/person-link.ts';
import { MOST_RESULT_BYTES, RESULT_STATEMENT, RESULT_TYPE } from '../../../../rig/lab/api/result.ts';
import { ROLES, type Role } from '../../../../rig/lab/api/token.ts';

const ATTEMPT = '01890a5d-ac96-774b-bcce-b302099a8057';
const HASH = 'ab'.repeat(32);

/** A line whose server gives these answers one after the other, and what it was asked. */
function line(...answers: readonly (Response | Error)[]) {
  const asked: string[] = [];
  const waiting = [...answers];
  const fetch = async (url: string, request: RequestInit): Promise<Response> => {
    const { authorization } = request.headers as Record<string, string>;
    const body = request.body instanceof Uint8Array ? `${request.body.length} bytes` : (request.body ?? '');
    asked.push(`${request.method} ${url} ${authorization} ${body}`.trim());
    const answer = waiting.shift();
    if (!(answer instanceof Response)) throw answer;
    return answer;
  };
  return { asked, line: { origin: 'https://lab', token: 'secret', fetch: fetch as typeof globalThis.fetch } };
}

describe('a lab, asked over HTTP', () => {
  it('is asked with the token, and answers by the schemas', async () => {
    const { asked, line: to } = line(
      Response.json({ taken: null }),
      Response.json({ recordedAt: 5 }),
      Response.json({ runs: [], after: null }),
      new Response(Uint8Array.of(0xff, 0x00)),
      new Response('another file'),
    );
    const [bench, person] = [benchLink(to), personLink(to)];
    expect(await bench.take({ bench: 'b1', free: ['loopback'], waitSeconds: 1 })).toBeNull();
    expect(await bench.record(ATTEMPT, 'a.b.c')).toEqual({ recordedAt: 5 });
    expect(await person.runs({ campaign: 7, state: 'failed', after: 3 })).toEqual({ runs: [], after: null });
    // SHA-256 of FF 00, by sha256sum.
    const hash = 'ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f';
    expect([...(await person.download(hash))]).toEqual([0xff, 0x00]);
    await expect(person.download(HASH)).rejects.toThrow(
      'https://lab gave another file than the one that was asked for',
    );
    expect(asked).toEqual([
      'POST https://lab/v1/take Bearer secret {"bench":"b1","free":["loopback"],"waitSeconds":1}',
      `POST https://lab/v1/attempts/${ATTEMPT}/result Bearer secret a.b.c`,
      'GET https://lab/v1/campaigns/7/runs?state=failed&after=3 Bearer secret',
      `GET https://lab/v1/blobs/${hash} Bearer secret`,
      `GET https://lab/v1/blobs/${HASH} Bearer secret`,
    ]);
  });

  it('asks for a thousand hashes at a time', async () => {
    const { asked, line: to } = line(Response.json({ missing: [HASH] }), Response.json({ missing: [] }));
    expect(await personLink(to).missing(Array.from({ length: 1001 }, () => HASH))).toEqual([HASH]);
    expect(asked.map((each) => each.split(HASH).length - 1)).toEqual([1000, 1]);
  });

  it.each([
    [
      'a refusal',
      Response.json({ error: 'attempt-over', message: 'the lease was given back' }, { status: 409 }),
      new LabRefused(409, 'attempt-over', 'the lease was given back'),
    ],
    [
      'a page of something else',
      new Response('<html>', { status: 502 }),
      new LabUnreachable('https://lab answered 502, not as a lab does: is it one?'),
    ],
    [
      'an answer of another form',
      Response.json({ taken: { run: 'x' } }),
      new LabUnreachable('https://lab answered something else than a lab of this version: is it one?'),
    ],
    [
      'no connection',
      new TypeError('fetch failed'),
      new LabUnreachable('https://lab cannot be reached: is it running?'),
    ],
  ])('tells %s by its kind', async (_name, answer, error) => {
    const asked = benchLink(line(answer).line).take({ bench: 'b1', free: ['loopback'], waitSeconds: 0 });
    await expect(asked).rejects.toThrow(error);
  });
});

const RUN = {
  ...{ subject: 'vitale2', suite: 'iso7816-4', repetition: 1, requirement: { kind: 'reader' }, limitSeconds: 60 },
  ...{ work: { kind: 'conform', suite: 'iso7816-4' }, inputs: [] },
};

describe('shapes that are closed', () => {
  it.each([
    ['../secret', false],
    ['/etc/passwd', false],
    ['suite/.hidden', false],
    ['a//b', false],
    ['suite/01 read.jsonl', true],
  ])('an input of the name %j: %s', (name, fits) => {
    expect(SUBMITTED_RUN.safeParse({ ...RUN, inputs: [{ name, sha256: HASH }] }).success).toBe(fits);
  });

  it('a run takes no field that is not described, and a requirement no unknown word', () => {
    expect(SUBMITTED_RUN.safeParse(RUN).success).toBe(true);
    expect(SUBMITTED_RUN.safeParse({ ...RUN, path: '/etc' }).success).toBe(false);
    expect(SUBMITTED_RUN.safeParse({ ...RUN, requirement: { kind: 'reader', protocol: 'T=9' } }).success).toBe(false);
  });

  it('a result has no verdict of its own words, and no blob with a path', () => {
    const blob = { role: 'trace', name: 'trace.jsonl', sha256: HASH, bytes: 1, mediaType: 'application/jsonl' };
    const statement = {
      ...{ run: ATTEMPT, attempt: ATTEMPT, bench: 'b1', device: 'loopback', startedAt: 1, endedAt: 2 },
      ...{ verdict: 'passed', reason: '', backend: 'simulated', card: null, image: null, board: null },
      ...{ versions: { vitap: '0.1.0' }, figures: {}, repairs: 0, cases: [], blobs: [blob] },
    };
    expect(RESULT_STATEMENT.safeParse(statement).success).toBe(true);
    expect(RESULT_STATEMENT.safeParse({ ...statement, verdict: 'cancelled' }).success).toBe(false);
    expect(RESULT_STATEMENT.safeParse({ ...statement, blobs: [{ ...blob, name: 'a/b' }] }).success).toBe(false);
  });
});

describe('the description of the interface', () => {
  const requests = { ENROL, HEARTBEAT, TAKE, PROGRESS, SUBMISSION, MISSING_ASKED, QUARANTINE, RESULT_STATEMENT };

  it.each(Object.entries(requests))('has %s as JSON Schema, closed', (_name, schema) => {
    expect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' })).toMatchObject({
      type: 'object',
      additionalProperties: false,
    });
  });

  it('counts its versions from 1, and names the type of a signed result', () => {
    const roles: readonly Role[] = ROLES;
    expect([LAB_INTERFACE, RESULT_TYPE, MOST_RESULT_BYTES, roles]).toEqual([
      ...[1, 'vitap-lab-result+jws', 16 * 1024 * 1024],
      ['viewer', 'operator', 'bench'],
    ]);
  });
});
