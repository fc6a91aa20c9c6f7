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

/** The schemas of a route as OpenAPI 3.1 has them (JSON Schema 2020-12). */
export function describeRoute(schema: FastifySchema): FastifySchema {
  const described: Record<string, unknown> = { ...schema };
  for (const part of PARTS) {
    const found = schema[part];
    if (found instanceof z.ZodType) described[part] = jsonSchema(found, 'input');
  }
  const answers = Object.entries((schema.response ?? {}) as Record<string, unknown>);
  if (answers.length > 0) {
    described.response = Object.fromEntries(
      answers.map(([status, found]) => [status, found instanceof z.ZodType ? jsonSchema(found, 'output') : found]),
    );
  }
  return described as FastifySchema;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema, ...described } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return described;
}
