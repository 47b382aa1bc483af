//! Newtypes for names of Kubernetes objects, so that a uid is never passed where a name is meant. They come from the API
//! server and are not validated again. Pure.

use std::{borrow::Borrow, fmt, ops::Deref};

macro_rules! ids {
    ($($(#[doc = $text:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $text])+
            #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(String);

            impl $name {
                /// Does not validate the string.
                pub fn new(text: impl Into<String>) -> Self {
                    Self(text.into())
                }

                /// The string.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl Deref for $name {
                type Target = str;

                fn deref(&self) -> &str {
                    &self.0
                }
            }

            impl Borrow<str> for $name {
                fn borrow(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str(&self.0)
                }
            }
        )+
    };
}

ids! {
    /// `metadata.uid` of a SubtitleJob, which is the `job_id` of its events.
    JobUid;
    /// `metadata.namespace` of an object.
    Namespace;
    /// `metadata.name` of an object, unique within its namespace and kind at any one time.
    ObjectName;
}
