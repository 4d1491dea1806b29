import type { EntityModel, EventName, Model } from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChangeView } from './change.js';
import { InvalidItemError } from './errors.js';
import { failed, type Outcome, outcomeOf, skipped } from './outcome.js';

/**
 * Validates the images that the model asks for; the parsed items take their place in the change. Gives the outcome that an
 * item which does not fit has by the model's policy, or nothing when the handler may run: at once, unless the schema takes its time.
 */
export function validate(change: ChangeView): Promise<Outcome | undefined> | Outcome | undefined {
  const { model } = change;
  if (!needsValidation(model) || change.validated) return undefined;
  try {
    const images = imagesToValidate(model, change.eventName);
    const results = images.map((image) => model.schema['~standard'].validate(change.stored(image)));
    if (!results.some((result) => 'then' in result)) return take(results as Result[]);
    return Promise.all(results).then(take).catch(outcomeOf);

    function take(all: readonly Result[]): Outcome | undefined {
      for (const { issues } of all) if (issues) return invalid(model as EntityModel, issues);
      // Not before all fit: the next handler of this model validates what is stored again.
      all.forEach((result, index) => {
        change.replace(
          images[index] as 'new' | 'old',
          (result as StandardSchemaV1.SuccessResult<object>).value,
        );
      });
      change.validated = true;
      return undefined;
    }
  } catch (error) {
    return outcomeOf(error);
  }
}

type Result = StandardSchemaV1.Result<object>;

type Validated = EntityModel & { readonly schema: NonNullable<EntityModel['schema']> };

export function needsValidation(model: Model): model is Validated {
  return model.kind === 'entity' && model.schema !== undefined && model.validate !== 'none';
}

/** The images that a schema validates: the subject, and of a MODIFY the old one too where both are asked for. */
export function imagesToValidate(model: EntityModel, eventName: EventName): readonly ('new' | 'old')[] {
  if (eventName === 'REMOVE') return ['old'];
  return eventName === 'MODIFY' && model.validate === 'both' ? ['old', 'new'] : ['new'];
}

function invalid(model: EntityModel, issues: readonly StandardSchemaV1.Issue[]): Outcome {
  const error = new InvalidItemError(
    model.name,
    issues.map(({ path = [], message }) => ({ path: path.map(segmentOf), message })),
  );
  return model.onInvalid === 'skip' ? skipped(error.message) : failed(error);
}

function segmentOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string | number {
  const key = typeof segment === 'object' ? segment.key : segment;
  return typeof key === 'number' ? key : String(key);
}
