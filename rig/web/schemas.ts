import type { FastifySchema, FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { FastifySerializerCompiler } from 'fastify/types/schema.js';
import * as z from 'zod';
import { WebRefusal } from './refusal.ts';
import { isStorable } from './storable-text.ts';

/** Routes describe what they take and give in zod; handlers get the types of it. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

const FORM = 'form';

/**
 * A text of a form that the other side is told in a refusal.
 * @param pattern for the description of the interface
 * @param form in words, without a value that came
 */
export function formed(isRight: (text: string) => boolean, pattern: RegExp, form: string): z.ZodType<string> {
  return z
    .string()
    .refine(isRight, { error: form, params: { [FORM]: true } })
    .meta({ pattern: pattern.source, description: form });
}

/** The other side is told where the request is wrong, never what stood there. */
export const validateByZod: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (data: unknown) => {
    const parsed = schema.safeParse(data);
    if (parsed.success && isStorable(parsed.data)) return { value: parsed.data };
    if (parsed.success) {
      const words = `${httpPart ?? 'request'} holds a NUL character or half of a surrogate pair`;
      return { error: new WebRefusal('request-malformed', words) };
    }
    const [issue] = parsed.error.issues;
    const path = [httpPart ?? 'request', ...(issue?.path ?? [])].map(pathPart).join('.');
    const unknown = issue?.code === 'unrecognized_keys' ? 'has fields that are not known here' : 'is not as described';
    const form = issue?.code === 'custom' && issue.params?.[FORM] === true ? `: ${issue.message}` : '';
    return { error: new WebRefusal('request-malformed', `${path} ${unknown}${form}`) };
  };
};

/** Names of fields are ours unless a record has free keys. */
function pathPart(part: PropertyKey): string {
  const text = String(part);
  return /^[\w-]{1,64}$/.test(text) ? text : '?';
}

/** An answer goes through its schema: fields that are not declared never leave, and a wrong answer is a fault of ours. */
export const answerByZod: FastifySerializerCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => JSON.stringify(schema.parse(data));
};

const PARTS = ['body', 'querystring', 'params', 'headers'] as const;

/** Name of the scheme in the description by which requests show a secret or a token. */
export const BEARER = 'bearer';

/** What the description says of a route beside its schemas. */
export interface RouteWords {
  /** Which token or secret opens it; null: it is open, or looks at something else. */
  readonly opensWith: string | null;
  /** Names of all refusals; null: not listed. */
  readonly refusals: readonly string[] | null;
}

/**
 * The schemas of a route as OpenAPI 3.1 has them (JSON Schema 2020-12): what it takes and gives, how it is opened, and the
 * form of its refusals. A body or an answer that has no schema and a media type of its own is a file.
 */
export function describeRoute(schema: FastifySchema, { opensWith, refusals }: RouteWords): FastifySchema {
  const described: Record<string, unknown> = { ...schema };
  for (const part of PARTS) {
    const found = schema[part];
    if (found instanceof z.ZodType) described[part] = jsonSchema(found, 'input');
  }
  if (schema.consumes !== undefined) described.body ??= FILE;
  const answers = Object.entries((schema.response ?? (schema.produces === undefined ? {} : { 200: FILE })) as object);
  described.response = {
    ...(answers.length === 0 && { 200: { description: 'done', type: 'null' } }),
    ...Object.fromEntries(
      answers.map(([status, found]) => [status, found instanceof z.ZodType ? jsonSchema(found, 'output') : found]),
    ),
    default: refusalSchema(refusals),
  };
  if (opensWith !== null) {
    described.security = [{ [BEARER]: [] }];
    described.description = [schema.description, `Opened by ${opensWith}.`]
      .filter((each) => each !== undefined)
      .join('\n\n');
  }
  return described as FastifySchema;
}

const FILE = { type: 'string', format: 'binary', description: 'bytes, as they are' } as const;

function refusalSchema(names: readonly string[] | null): object {
  const schema = {
    type: 'object',
    properties: {
      error: { type: 'string', ...(names !== null && { enum: [...names].sort() }) },
      message: { type: 'string', description: 'a sentence for a person' },
    },
    required: ['error', 'message'],
  };
  return { description: 'a refusal, with its own status', content: { 'application/json': { schema } } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return described;
}
