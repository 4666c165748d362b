/** Why something is done, or what was found: the record keeps it, so a decision cannot be made without it. */
import { FieldError, Label, Text, TextArea, TextField } from "react-aria-components";

interface Props {
  label: string;
  hint?: string;
  /** What is said when it is empty. */
  missing: string;
  value: string;
  onChange: (value: string) => void;
  isInvalid: boolean;
  isReadOnly?: boolean;
  autoFocus?: boolean;
  rows?: number;
}

export function ReasonField({ label, hint, missing, rows = 2, ...rest }: Props) {
  return (
    <TextField className="field" {...rest} isRequired validationBehavior="aria" maxLength={1000}>
      <Label>{label}</Label>
      <TextArea rows={rows} />
      {hint !== undefined && (
        <Text slot="description" className="quiet">
          {hint}
        </Text>
      )}
      <FieldError className="field-bad">{missing}</FieldError>
    </TextField>
  );
}
