/** One of a few, all of them in sight. */
import { Label, Radio, RadioGroup } from "react-aria-components";

interface Props<Value extends string> {
  label: string;
  value: Value;
  choices: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, choices, onChange }: Props<Value>) {
  return (
    <RadioGroup
      className="choice"
      orientation="horizontal"
      value={value}
      onChange={(chosen) => onChange(chosen as Value)}
    >
      <Label>{label}</Label>
      <div className="choice-row">
        {choices.map(([name, text]) => (
          <Radio key={name} value={name} className="choice-item">
            {text}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
