import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { WebApp } from '../../web/server.ts';
import type { Role } from '../api/token.ts';
import { LabRefusal } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
import { roleOfToken } from '../store/tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Roles whose tokens a route of the lab takes; `operator` takes those of `viewer` too. */
    readonly roles?: readonly Role[];
    /** What an answer of 200 tells: something in the store was changed, and others want to look. */
    readonly changes?: true;
  }
  interface FastifyRequest {
    /** Role of the token that came. */
    labRole?: Role;
    /** Whether its token still opens this: asked by what stays open, as a long poll does. */
    labStillOpen?: () => Promise<boolean>;
    /** The token; null: the secret of this start. */
    labToken?: string | null;
  }
}

/** A route's own look at tokens, in place of the secret of this start. */
function taking(...roles: readonly Role[]): RoleConfig {
  return { access: 'open', roles, opensWith: `a token of the role ${roles.join(' or ')}` };
}
interface RoleConfig {
  readonly access: 'open';
  readonly roles: readonly Role[];
  readonly opensWith: string;
}
export const VIEWER: RoleConfig = taking('viewer', 'operator');
export const OPERATOR: RoleConfig = taking('operator');
export const BENCH: RoleConfig = taking('bench');
export const ANY_ROLE: RoleConfig = taking('viewer', 'operator', 'bench');
/** Files of inputs and of results. */
export const UPLOADER: RoleConfig = taking('operator', 'bench');

/** How long a token is believed without asking the database; a revoked one opens nothing after that. */
const BELIEVED_MS = 3000;
const MOST_BELIEVED = 1000;

/**
 * Looks at the token of each request before its body is read. The secret of this start is an operator's.
 * @returns forgets which tokens were believed: one was revoked here
 */
export function checkRoles(app: WebApp, store: LabStore, startSecret: string): () => void {
  const believed = new Map<string, { role: Role; until: number }>();
  const roleOf = async (token: string): Promise<Role | null> => {
    if (isSame(token, startSecret)) return 'operator';
    const known = believed.get(token);
    if (known !== undefined && known.until > performance.now()) return known.role;
    believed.delete(token);
    const role = await roleOfToken(store, token);
    if (believed.size >= MOST_BELIEVED) believed.clear();
    if (role !== null) believed.set(token, { role, until: performance.now() + BELIEVED_MS });
    return role;
  };
  app.addHook('preParsing', async (request) => {
    const { roles } = request.routeOptions.config;
    if (roles === undefined) return;
    const [, token] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
    const role = token === undefined ? null : await roleOf(token);
    if (role === null) throw new LabRefusal('token-wrong');
    if (!roles.includes(role)) throw new LabRefusal('role-missing');
    request.labRole = role;
    request.labStillOpen = async () => {
      const now = await roleOf(token as string);
      return now !== null && roles.includes(now);
    };
    request.labToken = token === undefined || isSame(token, startSecret) ? null : token;
  });
  return () => believed.clear();
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** How often what stays open is asked whether its token was revoked. */
const ASK_AGAIN_MS = BELIEVED_MS;

/** Calls `end` once when the token of an open connection is revoked. @returns ends the watch */
export function watchToken({ labStillOpen }: Pick<FastifyRequest, 'labStillOpen'>, end: () => void): () => void {
  const timer = setInterval(() => {
    labStillOpen?.().then(
      (open) => {
        if (open) return;
        clearInterval(timer);
        end();
      },
      // A database that is away revokes nothing.
      () => {},
    );
  }, ASK_AGAIN_MS);
  timer.unref();
  return () => clearInterval(timer);
}
