import type { WebApp } from '../../../web/server.ts';
import { TRUST } from '../../api/wire.ts';
import { keyIdOfPoint } from '../../credential/cose-key.ts';
import { base64url, pointToJwk } from '../../credential/jws.ts';
import { STATUS_LIST_CWT_TYPE, signStatusListCwt } from '../../credential/status-list-cwt.ts';
import { STATUS_LIST_JWT_TYPE, signStatusListJwt } from '../../credential/status-list-jwt.ts';
import type { StatusListContent } from '../../credential/status-list-token.ts';
import { registryStatuses } from '../status-list.ts';
import { type IssuerHttp, OPEN } from './issuer-http.ts';
import { refuseRequest } from './request-refusals.ts';

const tags = ['public'];
/** How long a terminal may use a list without asking for a new one, and how long a list can be used at all. */
const TIME_TO_LIVE_S = 60;
const EXPIRES_S = 86_400;

export const STATUS_LIST_PATH = '/v1/status/token-list';

/** What everybody may know: who the issuer is, and which cards no longer hold. */
export function addPublicRoutes(app: WebApp, http: IssuerHttp): void {
  const { crypto, signer, names, now, store } = http;

  app.get(
    '/v1/trust',
    { config: OPEN, schema: { tags, summary: "The issuer's keys", response: { 200: TRUST } } },
    async () => {
      const kid = base64url(keyIdOfPoint(signer.publicKey, crypto));
      return { issuer: names.issuer, keys: [{ ...pointToJwk(signer.publicKey), kid }], statusList: names.statusList };
    },
  );

  // Those who ask at the same moment get the same list: it is as fresh as if each had its own.
  let making: Promise<StatusListContent> | null = null;
  const make = async (): Promise<StatusListContent> => {
    const issuedAt = Math.floor(now() / 1000);
    const statuses = await registryStatuses(store);
    return { uri: names.statusList, issuedAt, expires: issuedAt + EXPIRES_S, timeToLive: TIME_TO_LIVE_S, statuses };
  };
  const shared = (): Promise<StatusListContent> => {
    making ??= make().finally(() => {
      making = null;
    });
    return making;
  };

  app.get(
    STATUS_LIST_PATH,
    {
      config: OPEN,
      schema: {
        tags,
        summary: 'The Token Status List: a CWT when `Accept` names application/statuslist+cwt, else a JWT',
        produces: [`application/${STATUS_LIST_JWT_TYPE}`, STATUS_LIST_CWT_TYPE],
      },
    },
    async (request, reply) => {
      if (http.faults.take('list-unreachable') !== null) throw refuseRequest('list-unreachable');
      const content = await shared();
      if ((request.headers.accept ?? '').includes(STATUS_LIST_CWT_TYPE)) {
        return reply.type(STATUS_LIST_CWT_TYPE).send(Buffer.from(await signStatusListCwt(content, signer, crypto)));
      }
      const token = await signStatusListJwt(content, signer, crypto);
      return reply.type(`application/${STATUS_LIST_JWT_TYPE}`).send(token);
    },
  );
}
