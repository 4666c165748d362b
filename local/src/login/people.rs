//! The people that the sign-in page offers: those of the demo and of the seed, with the roles that they have there.

use alims_domain::identifiers::{PrincipalId, PrintedName, Role, TenantId};

use super::language::Text;
use super::parameters::Parameters;
use crate::token::TENANT_DEFAULT;

/// A person of the page.
pub(super) struct Person {
    /// The subject of their tokens.
    pub(super) sub: &'static str,
    /// Their printed name.
    pub(super) name: &'static str,
    /// The roles they have unless others are chosen.
    pub(super) roles: &'static [&'static str],
}

/// In the order of the page.
pub(super) const PEOPLE: [Person; 6] = [
    Person { sub: "alice", name: "Alice", roles: &["analyst"] },
    Person { sub: "dana", name: "Dana", roles: &["analyst"] },
    Person { sub: "emil", name: "Emil", roles: &["analyst"] },
    Person { sub: "bob", name: "Bob", roles: &["supervisor"] },
    Person { sub: "carol", name: "Carol", roles: &["auditor"] },
    Person { sub: "victor", name: "Victor", roles: &["viewer"] },
];
/// The value of the page's choice for somebody else.
pub(super) const SOMEBODY_ELSE: &str = "another";

/// A field of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Person,
    UserId,
    Name,
    Roles,
    Tenant,
    Pin,
}

/// What is wrong with a field, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) field: Field,
    pub(super) text: Text,
}

const NO_PERSON: Mistake = Mistake {
    field: Field::Person,
    text: Text { en: "No person is chosen. Choose one.", de: "Es ist keine Person gewählt. Wählen Sie eine." },
};
const NO_USER_ID: Mistake = Mistake {
    field: Field::UserId,
    text: Text {
        en: "The other person has no user id. Enter one.",
        de: "Der anderen Person fehlt die Benutzerkennung. Geben Sie eine ein.",
    },
};
const USER_ID: Mistake = Mistake {
    field: Field::UserId,
    text: Text {
        en: "The user id is not valid. Use another one.",
        de: "Die Benutzerkennung ist nicht gültig. Verwenden Sie eine andere.",
    },
};
const RESERVED: Mistake = Mistake {
    field: Field::UserId,
    text: Text {
        en: "The user id is a name of the service itself. Use another one.",
        de: "Die Benutzerkennung ist ein Name des Dienstes selbst. Verwenden Sie eine andere.",
    },
};
const NAME: Mistake = Mistake {
    field: Field::Name,
    text: Text {
        en: "The printed name is not valid. Use 1 to 128 visible characters.",
        de: "Der Name ist nicht gültig. Verwenden Sie 1 bis 128 sichtbare Zeichen.",
    },
};
const NO_NAME: Mistake = Mistake {
    field: Field::Name,
    text: Text {
        en: "The user id cannot be a printed name. Enter a name.",
        de: "Die Benutzerkennung kann kein Name für Unterschriften sein. Geben Sie einen Namen ein.",
    },
};
const TENANT: Mistake = Mistake {
    field: Field::Tenant,
    text: Text {
        en: "The tenant is not valid. Use A-Z a-z 0-9 . _ -",
        de: "Der Mandant ist nicht gültig. Verwenden Sie A-Z a-z 0-9 . _ -",
    },
};
const ROLE: Mistake = Mistake {
    field: Field::Roles,
    text: Text {
        en: "A role is not valid. Use A-Z a-z 0-9 . _ : -",
        de: "Eine Rolle ist nicht gültig. Verwenden Sie A-Z a-z 0-9 . _ : -",
    },
};
const NO_ROLE: Mistake = Mistake {
    field: Field::Roles,
    text: Text {
        en: "The other person has no role. Choose at least one.",
        de: "Die andere Person hat keine Rolle. Wählen Sie mindestens eine.",
    },
};

/// Who signs in, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) sub: String,
    pub(super) name: String,
    pub(super) tenant: String,
    pub(super) roles: Vec<String>,
}

impl Chosen {
    /// What a person chose on the page; else what is wrong with it, and what to do.
    pub(super) fn read(form: &Parameters, role_prefix: &str) -> Result<Self, Mistake> {
        let chosen = form.get("person").ok_or(NO_PERSON)?;
        let listed = PEOPLE.iter().find(|person| person.sub == chosen);
        let (sub, name, usual) = match listed {
            Some(person) => (person.sub, person.name, person.roles),
            None if chosen == SOMEBODY_ELSE => {
                let sub = form.get("sub").ok_or(NO_USER_ID)?;
                (sub, form.get("name").unwrap_or(sub), &[][..])
            }
            None => return Err(NO_PERSON),
        };
        let sub: PrincipalId = sub.parse().map_err(|_| USER_ID)?;
        if sub.is_reserved() {
            return Err(RESERVED);
        }
        // A signature repeats it, so that it is what a signature takes.
        let is_named = listed.is_some() || form.get("name").is_some();
        let name: PrintedName = name.trim().parse().map_err(|_| if is_named { NAME } else { NO_NAME })?;
        let tenant: TenantId = form.get("tenant").unwrap_or(TENANT_DEFAULT).parse().map_err(|_| TENANT)?;
        let more = form.get("other_roles").unwrap_or_default().split_whitespace();
        let named: Vec<&str> = form.all("role").chain(more).collect();
        let named = if named.is_empty() { usual.to_vec() } else { named };
        let roles =
            named.iter().map(|role| format!("{role_prefix}{}", role.strip_prefix(role_prefix).unwrap_or(role)).parse());
        let mut roles: Vec<String> =
            roles.map(|role: Result<Role, _>| role.map(String::from)).collect::<Result<_, _>>().map_err(|_| ROLE)?;
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            return Err(NO_ROLE);
        }
        Ok(Self { sub: sub.into(), name: name.into(), tenant: tenant.into(), roles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<(String, String, String, Vec<String>), Mistake> {
        let chosen = Chosen::read(&Parameters::read(form.as_bytes()).unwrap(), "")?;
        Ok((chosen.sub, chosen.name, chosen.tenant, chosen.roles))
    }

    fn chosen(sub: &str, name: &str, tenant: &str, roles: &[&str]) -> (String, String, String, Vec<String>) {
        (sub.to_owned(), name.to_owned(), tenant.to_owned(), roles.iter().map(|role| (*role).to_owned()).collect())
    }

    #[test]
    fn a_person_has_the_usual_roles_or_those_that_are_chosen() {
        assert_eq!(read("person=bob").unwrap(), chosen("bob", "Bob", "default", &["supervisor"]));
        assert_eq!(
            read("person=alice&role=auditor&role=analyst&other_roles=lab%3Ax+analyst&tenant=north").unwrap(),
            chosen("alice", "Alice", "north", &["analyst", "auditor", "lab:x"])
        );
        assert_eq!(
            read("person=another&sub=zoe&name=Zo%C3%AB+Q.&role=viewer").unwrap(),
            chosen("zoe", "Zoë Q.", "default", &["viewer"])
        );
        assert_eq!(read("person=another&sub=zoe&role=viewer").unwrap().1, "zoe");
    }

    #[test]
    fn what_the_service_would_not_read_as_given_is_refused() {
        for form in [
            "",
            "person=",
            "person=mallory",
            "person=another&role=viewer",
            "person=another&sub=zoe",
            "person=another&sub=alims.workflow-manager/sweep&role=viewer",
            "person=another&sub=%00&role=viewer",
            "person=another&sub=zoe&name=a%0Ab&role=viewer",
            "person=alice&tenant=a+b",
            "person=alice&tenant=..",
            "person=alice&role=a%2Cb",
        ] {
            assert!(read(form).is_err(), "{form}: {:?}", read(form));
        }
        assert!(read(&format!("person=another&sub=zoe&role=viewer&name={}", "x".repeat(129))).is_err());
        // Characters count, and not bytes; none may hide.
        assert!(read(&format!("person=another&sub=zoe&role=viewer&name={}", "%C3%AB".repeat(128))).is_ok());
        assert!(read("person=another&sub=zoe&role=viewer&name=Zo%E2%80%AEe").is_err());
    }

    #[test]
    fn a_mistake_names_its_field() {
        let of = |form: &str| read(form).unwrap_err().field;
        assert_eq!(of("person="), Field::Person);
        assert_eq!(of("person=another&role=viewer"), Field::UserId);
        assert_eq!(of("person=another&role=viewer&sub=zoe&name=a%0Ab"), Field::Name);
        assert_eq!(of("person=another&sub=zoe"), Field::Roles);
        assert_eq!(of("person=alice&tenant=a+b"), Field::Tenant);
        // An id may be longer than a name.
        let long = read(&format!("person=another&role=viewer&sub={}", "x".repeat(129))).unwrap_err();
        assert_eq!(long, NO_NAME);
    }

    #[test]
    fn functions_that_expect_a_prefix_get_it_once() {
        let form = Parameters::read(b"person=alice&role=analyst&role=alims%3Aauditor").unwrap();
        assert_eq!(Chosen::read(&form, "alims:").unwrap().roles, ["alims:analyst", "alims:auditor"]);
    }
}
