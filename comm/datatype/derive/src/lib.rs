//! `#[derive(Equivalence)]`, which `olympi-datatype` re-exports and documents.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, GenericParam, Index, Path, Result, parse_quote};

/// Implements `Equivalence` for a struct of defined layout whose fields all are; see the trait's documentation.
#[proc_macro_derive(Equivalence, attributes(equivalence))]
pub fn derive_equivalence(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

fn expand(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    let fields = fields(input)?;
    demand_layout(input)?;
    let krate = krate(&input.attrs)?;
    let generics = bounded(input, &krate)?;

    let name = &input.ident;
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let any_bits = types.iter().map(|ty| {
        // Spanned like the field, so that a field which is no `Equivalence` is what the compiler points at.
        quote_spanned! { ty.span() => && <#ty as #krate::Equivalence>::ANY_BITS }
    });
    let valid = fields.iter().enumerate().map(|(number, field)| {
        let ty = &field.ty;
        let member = match &field.ident {
            Some(ident) => quote! { #ident },
            None => {
                let index = Index::from(number);
                quote! { #index }
            }
        };
        quote! {
            && {
                let start = ::core::mem::offset_of!(Self, #member);
                <#ty as #krate::Equivalence>::is_valid(&element[start..start + ::core::mem::size_of::<#ty>()])
            }
        }
    });
    let padding = format!(
        "`{name}` has padding, which is uninitialized memory and must not be sent: reorder its fields from large to \
         small, or name the gaps as fields such as `_gap: [u8; 4]`"
    );
    // A generic struct's layout is known only when its parameters are; reading ANY_BITS, as all that send or receive
    // it do, then proves it. All other structs are proven where they are declared.
    let proof = generics.params.is_empty().then(|| {
        quote! { const _: bool = <#name as #krate::Equivalence>::ANY_BITS; }
    });
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        unsafe impl #impl_generics #krate::Equivalence for #name #type_generics #where_clause {
            const ANY_BITS: bool = {
                assert!(
                    ::core::mem::size_of::<Self>() == 0 #(+ ::core::mem::size_of::<#types>())*,
                    #padding
                );
                true #(#any_bits)*
            };
            const SIGNATURE: u8 = {
                let class = #krate::signature::UNCHECKED;
                #(let class = #krate::signature::join(class, <#types as #krate::Equivalence>::SIGNATURE);)*
                class
            };

            #[inline]
            fn is_valid(bytes: &[u8]) -> bool {
                if <Self as #krate::Equivalence>::ANY_BITS || ::core::mem::size_of::<Self>() == 0 {
                    return true;
                }
                bytes.chunks_exact(::core::mem::size_of::<Self>()).all(|element| true #(#valid)*)
            }
        }
        #proof
    })
}

/// The fields of a struct; anything else does not travel.
fn fields(input: &DeriveInput) -> Result<Vec<&syn::Field>> {
    let why = match &input.data {
        Data::Struct(data) => {
            return Ok(match &data.fields {
                Fields::Named(fields) => fields.named.iter().collect(),
                Fields::Unnamed(fields) => fields.unnamed.iter().collect(),
                Fields::Unit => Vec::new(),
            });
        }
        Data::Enum(_) => {
            "an enum does not travel as raw bytes: send its discriminant as an integer, or send it as an object"
        }
        Data::Union(_) => "a union does not travel as raw bytes: some of them may be uninitialized",
    };
    Err(Error::new(input.ident.span(), why))
}

/// `repr(C)` or `repr(transparent)`: without one, two programs need not agree where a field lies.
fn demand_layout(input: &DeriveInput) -> Result<()> {
    let mut defined = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            defined |= meta.path.is_ident("C") || meta.path.is_ident("transparent");
            // The argument of packed(2), align(8).
            if meta.input.peek(syn::token::Paren) {
                let argument;
                syn::parenthesized!(argument in meta.input);
                argument.parse::<syn::LitInt>()?;
            }
            Ok(())
        })?;
    }
    if defined {
        return Ok(());
    }
    Err(Error::new(
        input.ident.span(),
        "the layout of a struct that travels as raw bytes must be defined: add `#[repr(C)]` or `#[repr(transparent)]`",
    ))
}

/// Where the trait is found: in the crate that users depend on, unless they say otherwise.
fn krate(attributes: &[Attribute]) -> Result<Path> {
    let mut krate: Path = parse_quote!(::olympi);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("equivalence")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("unknown option: only `crate = \"path\"` is known"));
            }
            krate = meta.value()?.parse::<syn::LitStr>()?.parse()?;
            Ok(())
        })?;
    }
    Ok(krate)
}

/// The generics, with every type parameter bounded by the trait.
fn bounded(input: &DeriveInput, krate: &Path) -> Result<syn::Generics> {
    let mut generics = input.generics.clone();
    for parameter in &mut generics.params {
        match parameter {
            GenericParam::Type(parameter) => parameter.bounds.push(parse_quote!(#krate::Equivalence)),
            GenericParam::Const(_) => {}
            GenericParam::Lifetime(parameter) => {
                return Err(Error::new(
                    parameter.span(),
                    "what borrows does not travel as raw bytes: send the data itself",
                ));
            }
        }
    }
    Ok(generics)
}
